import { Button, Modal } from '@mantine/core'
import { IconDownload, IconFileText } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ClinicalDocument } from '../../../contract/documents.ts'
import { documentContent, documentsOf } from '../../api/booking.ts'
import { Loading, NothingYet, Ready, Refused } from '../../parts/states.tsx'
import { StatusText } from '../../parts/state-pill.tsx'
import { Time } from '../../parts/time.tsx'
import { bytes, personName } from '../../parts/words.ts'
import css from './documents.module.css'

export const titleOf = (one: ClinicalDocument): string =>
  one.title ?? one.type?.text ?? one.type?.code ?? 'Document'
const dateOf = (one: ClinicalDocument): string | null => one.period_end ?? one.created_at
// prettier-ignore
const KINDS: Record<string, string> = {
  'application/pdf': 'PDF', 'text/plain': 'Text', 'text/html': 'Web page', 'application/xhtml+xml': 'Web page', 'text/rtf': 'RTF',
}
const kindOf = (one: ClinicalDocument): string =>
  one.media_type === null ? '' : (KINDS[baseType(one.media_type)] ?? one.media_type)
const baseType = (type: string): string => type.split(';')[0]?.trim().toLowerCase() ?? ''

/** Documents, newest first; a press opens one. */
export function DocumentList({ id, limit }: { id: string; limit?: number }) {
  const query = useQuery(documentsOf(id))
  const [opened, setOpened] = useState<ClinicalDocument | null>(null)
  return (
    <Ready query={query} rows={4}>
      {(documents) =>
        documents.length === 0 ? (
          <NothingYet title="No document yet">
            Documents come with MDM messages, or are pulled from Cerner.
          </NothingYet>
        ) : (
          <>
            <ul className={css.list}>
              {[...documents]
                .sort((a, b) => (dateOf(b) ?? '').localeCompare(dateOf(a) ?? ''))
                .slice(0, limit)
                .map((one) => (
                  <li key={one.id}>
                    <button
                      type="button"
                      className={css.row}
                      disabled={one.content === 'none'}
                      onClick={() => setOpened(one)}
                    >
                      <IconFileText size={17} stroke={1.6} aria-hidden="true" />
                      <span className={css.words}>
                        <span className={css.title}>{titleOf(one)}</span>
                        <small>
                          <Time at={dateOf(one)} />
                          {[
                            '',
                            one.type?.text === titleOf(one) ? '' : one.type?.text,
                            personName(one.author),
                            kindOf(one),
                            one.size_bytes === null ? '' : bytes(one.size_bytes),
                            one.content === 'there' ? 'read from Cerner when opened' : '',
                            one.content === 'none' ? 'no content was sent' : '',
                          ]
                            .filter((part, index) => index === 0 || Boolean(part))
                            .join(' · ')}
                        </small>
                      </span>
                      {one.doc_status !== null && one.doc_status !== 'final' && (
                        <StatusText status={one.doc_status} />
                      )}
                    </button>
                  </li>
                ))}
            </ul>
            <Modal
              opened={opened !== null}
              onClose={() => setOpened(null)}
              size="xl"
              title={opened === null ? '' : titleOf(opened)}
              closeButtonProps={{ 'aria-label': 'Close' }}
            >
              {opened !== null && <DocumentView key={opened.id} one={opened} />}
            </Modal>
          </>
        )
      }
    </Ready>
  )
}

export function DocumentsTab({ id }: { id: string }) {
  return (
    <section className="card" aria-label="Documents">
      <DocumentList id={id} />
    </section>
  )
}

/** One document. What Cerner sent is never trusted: nothing of it runs, loads or leads anywhere. */
function DocumentView({ one }: { one: ClinicalDocument }) {
  const query = useQuery(documentContent(one.id))
  if (query.isError) return <Refused error={query.error} onRetry={() => void query.refetch()} />
  if (query.data === undefined) return <Loading rows={8} label="Loading the document" />
  return (
    <div className={css.view}>
      <div className={css.viewHead}>
        <span className="dim">
          {[personName(one.author), kindOf(one), bytes(query.data.size)].filter(Boolean).join(' · ')}
        </span>
        <Save content={query.data} one={one} />
      </div>
      <Content
        content={query.data}
        title={titleOf(one)}
        type={baseType(query.data.type || (one.media_type ?? ''))}
      />
    </div>
  )
}

const ENDINGS: Record<string, string> = {
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/rtf': 'rtf',
}

function useAddress(content: Blob): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(content)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [content])
  return address
}

function Save({ content, one }: { content: Blob; one: ClinicalDocument }) {
  const address = useAddress(content)
  const type = baseType(content.type || (one.media_type ?? ''))
  return (
    <Button
      component="a"
      variant="default"
      href={address}
      // The name in a folder of downloads tells nobody whose it is.
      download={`document-${one.id.slice(-8)}.${ENDINGS[type] ?? 'bin'}`}
      leftSection={<IconDownload size={14} aria-hidden="true" />}
    >
      Download
    </Button>
  )
}

function Content({ content, title, type }: { content: Blob; title: string; type: string }) {
  if (type === 'text/plain') return <TextContent content={content} title={title} />
  if (type === 'text/html' || type === 'application/xhtml+xml')
    return <PageContent content={content} title={title} />
  if (type === 'image/png' || type === 'image/jpeg') return <ImageContent content={content} title={title} />
  return (
    <p className={css.other}>
      {type === 'application/pdf'
        ? 'This is a PDF. Download it to read it; it is not opened inside this page.'
        : 'This kind of document is not shown here. Download it to open it with its own program.'}
    </p>
  )
}

function useText(content: Blob): string | undefined {
  const [text, setText] = useState<string>()
  useEffect(() => {
    let current = true
    void decode(content).then((read) => current && setText(read))
    return () => {
      current = false
    }
  }, [content])
  return text
}

/** In the character set the server names; UTF-8 where it names none or one unknown here. */
async function decode(content: Blob): Promise<string> {
  const charset = /charset=["']?([\w-]+)/i.exec(content.type)?.[1] ?? 'utf-8'
  const data = await content.arrayBuffer()
  try {
    return new TextDecoder(charset).decode(data)
  } catch {
    return new TextDecoder().decode(data)
  }
}

function TextContent({ content, title }: { content: Blob; title: string }) {
  const text = useText(content)
  return (
    <pre className={css.text} tabIndex={0} aria-label={title}>
      {text}
    </pre>
  )
}

/** Hypertext in a frame without any permission: no script, no form, no opening of windows, no origin. */
function PageContent({ content, title }: { content: Blob; title: string }) {
  const text = useText(content)
  if (text === undefined) return <Loading rows={6} />
  return <iframe className={css.frame} title={title} sandbox="" referrerPolicy="no-referrer" srcDoc={text} />
}

function ImageContent({ content, title }: { content: Blob; title: string }) {
  return <img className={css.image} src={useAddress(content)} alt={title} />
}
