import { SegmentedControl, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import type { CernerStatus } from '../../../contract/cerner.ts'
import type { Connection } from '../../../contract/connections.ts'
import { cernerStatus } from '../../api/cerner.ts'
import { connections, connectionSchema } from '../../api/queries.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { NothingYet, Ready, Refused } from '../../parts/states.tsx'
import { CERNER_TABS, type CernerTab } from '../../router.tsx'
import { useMay } from '../../shell/session.ts'
import { PullsTab } from '../sync/pulls-tab.tsx'
import { AddConnection } from './cerner-add.tsx'
import { ConnectionTab, Register, Scopes } from './cerner-connection-tab.tsx'
import { CernerHead } from './cerner-head.tsx'
import { CHOICE_WORDS, SECTIONS, tabOf, unplaced } from './cerner-sections.ts'
import { ServicesTab } from './cerner-services-tab.tsx'
import css from './cerner.module.css'
import { isRecord, type JsonSchema } from './json-schema.ts'
import { PlaceFields } from './place-fields.tsx'
import { SaveBar } from './save-bar.tsx'
import settingsCss from './settings.module.css'
import { useSettingsDraft, type SettingsDraft } from './use-settings-draft.ts'

const HOME = '/settings/integrations/cerner'
const PULLS = '/settings/integrations/cerner/pulls'
// prettier-ignore
const TABS: Record<CernerTab, string> = {
  connection: 'Connection', services: 'Services', pulling: 'Pulling', rules: 'Who is right', advanced: 'Advanced', pulls: 'Pulls',
}
const NOTES: Partial<Record<CernerTab, ReactNode>> = {
  rules: (
    <p className={css.lead}>
      A field that only one side changed follows that side. These rules speak where both changed it since they
      last agreed. What is left to a person waits under Review, Conflicts; a decision there can become an
      exception here.
    </p>
  ),
}

interface PartProps {
  form: SettingsDraft
  schema: JsonSchema
  readOnly: boolean
}
/** A tab that is nothing but settings. */
function Plain({ form, schema, readOnly, tab }: PartProps & { tab: 'pulling' | 'rules' | 'advanced' }) {
  const more = tab === 'advanced' ? unplaced(schema) : []
  const sections = [...SECTIONS[tab], ...(more.length === 0 ? [] : [{ title: 'More', places: more }])]
  return sections.map(({ title, places }) => (
    <section key={title} className={settingsCss.group}>
      <h3>{title}</h3>
      {NOTES[tab]}
      <PlaceFields form={form} schema={schema} places={places} disabled={readOnly} words={CHOICE_WORDS} />
    </section>
  ))
}

/** Which tabs hold something that is not saved, or not right. */
function marksOf(form: SettingsDraft): ReadonlyMap<CernerTab, 'changed' | 'wrong'> {
  const tabs = form.changed.map((place): [CernerTab, 'changed'] => [
    place.startsWith('settings.') ? tabOf(place.slice('settings.'.length)) : 'connection',
    'changed',
  ])
  return new Map([
    ...tabs,
    ...[...form.faults.keys()].map((place): [CernerTab, 'wrong'] => [tabOf(place), 'wrong']),
  ])
}

function One({ one, schema, status }: { one: Connection; schema: JsonSchema; status: CernerStatus }) {
  const search = useSearch({ from: HOME })
  const navigate = useNavigate()
  const pulls = useLocation({ select: ({ pathname }) => pathname.startsWith(PULLS) })
  const tab: CernerTab = pulls ? 'pulls' : (search.tab ?? 'connection')
  const readOnly = !useMay('connections.write')
  const form = useSettingsDraft(
    one,
    schema,
    (next) =>
      next.pathname.startsWith(HOME) &&
      (!('connection' in next.search) ||
        next.search.connection === undefined ||
        next.search.connection === one.id),
  )
  const marks = marksOf(form)
  // On a narrow screen the tabs scroll, and the one that is shown may stand outside.
  const tabs = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const chosen = tabs.current?.querySelector<HTMLElement>('[aria-selected="true"]')
    if (tabs.current !== null && chosen !== null && chosen !== undefined)
      tabs.current.scrollLeft = chosen.offsetLeft - (tabs.current.clientWidth - chosen.offsetWidth) / 2
  }, [tab])
  const go = (next: string | null): void => {
    const { connection } = search
    if (next === 'pulls') void navigate({ to: PULLS, search: { connection }, replace: true })
    else
      void navigate({
        to: HOME,
        search: { connection, tab: CERNER_TABS.find((known) => known === next && known !== 'connection') },
        replace: true,
      })
  }
  const parts = { form, schema, status, readOnly }
  const settings = (panel: ReactNode, beside?: ReactNode, below?: ReactNode): ReactNode => (
    <div className={css.panel}>
      <div className={beside === undefined ? undefined : css.page}>
        <form
          className="card"
          aria-label="Settings of the connection"
          onSubmit={(event) => {
            event.preventDefault()
            form.save()
          }}
        >
          <div className="cardHead">
            <h2>Settings</h2>
            <span className="dim">
              version {form.base.version}
              {readOnly && ' · your role may look, not change'}
            </span>
          </div>
          {panel}
          <SaveBar form={form} readOnly={readOnly} saved="Saved; the connection runs with it." />
        </form>
        {beside}
      </div>
      {below}
    </div>
  )
  const draw: Record<CernerTab, () => ReactNode> = {
    connection: () =>
      settings(
        <ConnectionTab {...parts} />,
        <Register register={status.register} />,
        <Scopes scopes={status.scopes} />,
      ),
    services: () => settings(<ServicesTab {...parts} />),
    pulling: () => settings(<Plain {...parts} tab="pulling" />),
    rules: () => settings(<Plain {...parts} tab="rules" />),
    advanced: () => settings(<Plain {...parts} tab="advanced" />),
    pulls: () => <PullsTab one={one} status={status} />,
  }
  return (
    <>
      <CernerHead one={form.base} status={status} />
      <Tabs value={tab} keepMounted={false} classNames={{ list: css.tabs }} onChange={go}>
        <Tabs.List ref={tabs} aria-label="Parts of the connection">
          {CERNER_TABS.map((key) => (
            <Tabs.Tab key={key} value={key}>
              {TABS[key]}
              {marks.has(key) && (
                <span
                  className={css.mark}
                  data-mark={marks.get(key)}
                  role="img"
                  aria-label={marks.get(key) === 'wrong' ? 'something to correct' : 'changes not saved'}
                />
              )}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {CERNER_TABS.map((key) => (
          <Tabs.Panel key={key} value={key} pt="md">
            {draw[key]()}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  )
}

/** The schema draws the form and the status says how things stand; both must be there. */
function Loaded({ one }: { one: Connection }) {
  const schema = useQuery(connectionSchema(one.id))
  const status = useQuery(cernerStatus(one.id))
  if (schema.isError) return <Refused error={schema.error} onRetry={() => void schema.refetch()} />
  return (
    <Ready query={status} rows={12}>
      {(known) => (
        <Ready query={schema} rows={12}>
          {(shape) => <One one={one} schema={isRecord(shape) ? shape : {}} status={known} />}
        </Ready>
      )}
    </Ready>
  )
}

export function CernerPage() {
  const query = useQuery(connections)
  const search = useSearch({ from: HOME })
  const navigate = useNavigate({ from: HOME })
  const mayWrite = useMay('connections.write')
  const list = (query.data ?? []).filter(({ channel }) => channel === 'cerner')
  const one = list.find(({ id }) => id === search.connection) ?? list[0]
  const choose = (connection: string): void => void navigate({ to: HOME, search: { connection } })
  return (
    <>
      <PageHead
        title="Cerner"
        trail="Settings › Integrations"
        note="One hospital’s FHIR, SMART and Millennium services: how we reach it, what is pulled, who is right"
      >
        {list.length > 1 && one !== undefined && (
          <SegmentedControl
            size="xs"
            aria-label="Connection"
            value={one.id}
            onChange={choose}
            data={list.map(({ id, name }) => ({ value: id, label: name }))}
          />
        )}
        {list.length > 0 && <AddConnection first={false} disabled={!mayWrite} onAdded={choose} />}
      </PageHead>
      <Ready query={query} rows={12}>
        {() =>
          one === undefined ? (
            <div className="card">
              <NothingYet
                title="No Cerner connection yet"
                action={<AddConnection first disabled={!mayWrite} onAdded={choose} />}
              >
                You need the FHIR address of the hospital’s tenant, and a client id with a secret or a key
                pair from its Cerner team. The connectivity test tells what is still missing.
              </NothingYet>
            </div>
          ) : (
            <Loaded key={one.id} one={one} />
          )
        }
      </Ready>
    </>
  )
}
