import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { readCall, statusOf, type HttpCall, type HttpPart } from './http-text.ts'
import { linesOf, readJson, type JsonNode } from './json-text.ts'
import css from './json-view.module.css'
import { usePlace, type Pane } from './place.ts'

/** Trees of more lines than this start with their depths closed. */
const OPEN_LINES = 300

const amount = ({ kind, children }: JsonNode): string =>
  kind === 'array' ? `[ ${children.length} ]` : `{ ${children.length} }`

function Line({
  node,
  depth,
  deepest,
  pane,
}: {
  node: JsonNode
  depth: number
  deepest: number
  pane: Pane
}) {
  const branch = node.kind === 'object' || node.kind === 'array'
  const [open, setOpen] = useState(depth < deepest)
  const { onClick: pin, ...place } = usePlace(node.path, pane)
  const label = node.key ?? (depth === 0 ? '' : (/\[\d+\]$/.exec(node.path)?.[0] ?? ''))
  return (
    <>
      <button
        type="button"
        className={css.line}
        style={{ paddingLeft: 8 + depth * 14 }}
        {...place}
        {...(branch ? { 'aria-expanded': open } : { 'aria-pressed': place['data-pinned'] })}
        onClick={() => (branch ? setOpen(!open) : pin())}
      >
        {branch ? (
          <IconChevronRight size={12} className={css.chevron} data-open={open} aria-hidden="true" />
        ) : (
          <span className={css.gap} />
        )}
        {label !== '' && <span className={node.key === null ? css.index : css.key}>{label}</span>}
        {branch ? (
          <span className={css.amount}>{amount(node)}</span>
        ) : (
          <span className={css.value} data-kind={node.kind}>
            {node.raw}
          </span>
        )}
      </button>
      {branch &&
        open &&
        node.children.map((child) => (
          <Line key={child.path} node={child} depth={depth + 1} deepest={deepest} pane={pane} />
        ))}
    </>
  )
}

/** JSON as a tree that opens and closes; the bytes themselves are behind the button of the card. */
export function JsonTree({ root, pane }: { root: JsonNode; pane: Pane }) {
  return <Line node={root} depth={0} deepest={linesOf(root) > OPEN_LINES ? 3 : Infinity} pane={pane} />
}

function Body({ text, pane }: { text: string; pane: Pane }) {
  if (text === '') return <p className={css.none}>No body.</p>
  const root = readJson(text)
  return root === null ? <pre className={css.plain}>{text}</pre> : <JsonTree root={root} pane={pane} />
}

function toneOf(part: HttpPart): 'ok' | 'warn' | 'bad' | 'info' {
  const status = statusOf(part)
  if (status === null) return 'info'
  return status < 300 ? 'ok' : status < 400 ? 'info' : status === 429 ? 'warn' : 'bad'
}

// prettier-ignore
const STATUS_WORDS: Readonly<Record<number, string>> = {
  200: 'OK', 201: 'Created', 202: 'Accepted', 204: 'No Content', 301: 'Moved Permanently', 302: 'Found', 307: 'Temporary Redirect',
  400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 406: 'Not Acceptable', 409: 'Conflict', 412: 'Precondition Failed',
  422: 'Unprocessable Entity', 423: 'Locked', 424: 'Failed Dependency', 429: 'Too Many Requests',
  500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
}

/** One half of an HTTP call: its first line, headers that open, and the body. */
export function HttpHalf({ part, pane }: { part: HttpPart | null; pane: Pane }) {
  if (part === null) return <p className={css.none}>No answer came.</p>
  const [method = '', address = ''] = part.line.split(' ')
  const status = statusOf(part)
  return (
    <div className={css.half}>
      <p className={css.first}>
        <span className="pill" data-tone={toneOf(part)}>
          {status === null ? method : `${status} ${STATUS_WORDS[status] ?? ''}`}
        </span>{' '}
        {status === null && <span className={css.address}>{address}</span>}
      </p>
      {part.headers.length > 0 && (
        <details className={css.headers}>
          <summary>
            {part.headers.length} {part.headers.length === 1 ? 'header' : 'headers'}
          </summary>
          <dl>
            {part.headers.map(([name, value], index) => (
              <div key={`${name} ${index}`}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      <Body text={part.body} pane={pane} />
    </div>
  )
}

/** What a text is, so that it is shown as what it is. */
export type Shape = { kind: 'message' } | { kind: 'json'; root: JsonNode } | { kind: 'http'; call: HttpCall }
export function shapeOf(text: string): Shape {
  const call = readCall(text)
  if (call !== null) return { kind: 'http', call }
  const root = readJson(text)
  return root === null ? { kind: 'message' } : { kind: 'json', root }
}
