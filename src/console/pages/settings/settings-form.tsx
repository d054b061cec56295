import { Alert, Button, Switch, TextInput } from '@mantine/core'
import { IconArrowBackUp, IconDeviceFloppy } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import type { Connection } from '../../../contract/connections.ts'
import { api, problemFrom } from '../../api/http.ts'
import { connections, updateConnection } from '../../api/queries.ts'
import { Refused } from '../../parts/states.tsx'
import { plural } from '../../parts/words.ts'
import { Field } from './fields.tsx'
import { faultFromServer, faultsOf, filled, isRecord, type JsonSchema, type Values } from './json-schema.ts'
import css from './settings.module.css'

/** Parts of the form in the order of a connection's life; a schema may name a `group` itself. */
// prettier-ignore
const GROUPS: [title: string, fields: readonly string[]][] = [
  ['Listener',       ['host', 'port', 'allow', 'maxConnections', 'maxPerAddress', 'acceptUnframed', 'tls']],
  ['Acknowledging',  ['ackMode', 'ackCodes', 'batchReply']],
  ['What is taken',  ['processingId', 'filter', 'strictTypes', 'strict']],
  ['Reading',        ['profile', 'charset', 'defaultVersion', 'zone', 'country', 'defaultAuthority', 'authorityAliases', 'nullMeans', 'nullMeansByField', 'fieldRemap']],
  ['Limits',         ['frameBytes', 'graceMs', 'idleInFrameMs', 'idleMs', 'windowFrames', 'windowBytes']],
  ['Sending',        ['outbound']],
]
function groupsOf(properties: Readonly<Record<string, JsonSchema>>): [string, string[]][] {
  const titleOf = (key: string): string =>
    properties[key]?.group ?? GROUPS.find(([, fields]) => fields.includes(key))?.[0] ?? 'More'
  const keys = Object.keys(properties)
  const titles = [...new Set([...GROUPS.map(([title]) => title), ...keys.map(titleOf)])]
  return titles.flatMap((title) => {
    const inside = keys.filter((key) => titleOf(key) === title)
    return inside.length === 0 ? [] : [[title, inside]]
  })
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
interface Draft {
  name: string
  enabled: boolean
  settings: Values
}
const draftOf = (one: Connection, schema: JsonSchema): Draft => {
  const settings = filled(schema, one.settings)
  return { name: one.name, enabled: one.enabled, settings: isRecord(settings) ? settings : {} }
}
const changesIn = (draft: Draft, base: Draft): string[] => [
  ...(draft.name === base.name ? [] : ['name']),
  ...(draft.enabled === base.enabled ? [] : ['enabled']),
  ...Object.keys(draft.settings).filter((key) => !same(draft.settings[key], base.settings[key])),
]

/** Settings of a connection. Saving names the version that was edited; a newer one is never overwritten unseen. */
export function SettingsForm({
  one,
  schema,
  readOnly,
}: {
  one: Connection
  schema: JsonSchema
  readOnly: boolean
}) {
  const client = useQueryClient()
  const [base, setBase] = useState(one)
  const [draft, setDraft] = useState(() => draftOf(one, schema))
  const [before, setBefore] = useState<Draft | null>(null)
  const [merged, setMerged] = useState(false)
  const stored = draftOf(base, schema)
  const changed = changesIn(draft, stored)
  const local = faultsOf(schema, draft.settings)
  const take = (saved: Connection): void => {
    setBase(saved)
    setDraft(draftOf(saved, schema))
    setMerged(false)
    void client.invalidateQueries({ queryKey: connections.queryKey, exact: true })
  }
  const save = useMutation({
    mutationFn: (next: Draft) => updateConnection(base.id, { version: base.version, ...next }),
    onSuccess: (saved) => {
      setBefore(stored)
      take(saved)
    },
  })
  const reload = useMutation({
    mutationFn: () => api<Connection>(`/api/connections/${base.id}`),
    onSuccess: (newer) => {
      const theirs = draftOf(newer, schema)
      const mine = Object.fromEntries(
        changed.filter((key) => key in draft.settings).map((key) => [key, draft.settings[key]]),
      )
      setBase(newer)
      setDraft({
        name: changed.includes('name') ? draft.name : theirs.name,
        enabled: changed.includes('enabled') ? draft.enabled : theirs.enabled,
        settings: { ...theirs.settings, ...mine },
      })
      setMerged(true)
      save.reset()
    },
  })
  useBlocker({
    shouldBlockFn: () => !window.confirm('Leave without saving the changed settings?'),
    enableBeforeUnload: changed.length > 0,
    disabled: changed.length === 0,
  })
  const problem = save.error === null ? null : problemFrom(save.error)
  const conflict = problem?.status === 409
  const refused = problem === null ? null : faultFromServer(problem.detail)
  const faults = refused === null ? local : new Map([...local, refused])
  const set = (key: string, value: unknown): void =>
    setDraft({ ...draft, settings: { ...draft.settings, [key]: value } })
  return (
    <form
      className="card"
      aria-label="Settings of the connection"
      onSubmit={(event) => {
        event.preventDefault()
        if (local.size === 0) save.mutate(draft)
      }}
    >
      <div className="cardHead">
        <h2>Settings</h2>
        <span className="dim">
          version {base.version}
          {readOnly && ' · your role may look, not change'}
        </span>
      </div>
      <section className={css.group}>
        <h3>Connection</h3>
        <div className={css.fields}>
          <TextInput
            size="xs"
            label="Name"
            value={draft.name}
            disabled={readOnly}
            required
            withAsterisk={false}
            maxLength={120}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <Switch
            size="xs"
            label="Switched on"
            description="Off closes the listener; what was received stays."
            checked={draft.enabled}
            disabled={readOnly}
            onChange={(event) => setDraft({ ...draft, enabled: event.currentTarget.checked })}
          />
        </div>
      </section>
      {groupsOf(schema.properties ?? {}).map(([title, keys]) => (
        <section key={title} className={css.group}>
          <h3>{title}</h3>
          <div className={css.fields}>
            {keys.map((key) => (
              <Field
                key={key}
                name={key}
                path={key}
                schema={schema.properties?.[key] ?? {}}
                value={draft.settings[key]}
                faults={faults}
                disabled={readOnly}
                onChange={(value) => set(key, value)}
              />
            ))}
          </div>
        </section>
      ))}
      <div className={css.saveBar} data-dirty={changed.length > 0}>
        {merged && (
          <Alert color="sky" title="The newer version was loaded" mb="sm">
            Your own changes stand on top of it. Look them over, then save.
          </Alert>
        )}
        {conflict && (
          <Alert color="marigold" title={problem.detail} mb="sm">
            {problem.todo}{' '}
            <Button mt={6} variant="default" loading={reload.isPending} onClick={() => reload.mutate()}>
              Load the newer version and keep my changes
            </Button>
          </Alert>
        )}
        {problem !== null && !conflict && refused === null && <Refused error={save.error} />}
        <div className={css.saveRow}>
          <span role="status">
            {faults.size > 0
              ? `${plural(faults.size, 'field')} to correct`
              : changed.length > 0
                ? `${plural(changed.length, 'change')} not saved`
                : save.isSuccess
                  ? 'Saved; the listener runs with it.'
                  : 'No change'}
          </span>
          {before !== null && changed.length === 0 && (
            <Button
              variant="subtle"
              leftSection={<IconArrowBackUp size={14} />}
              onClick={() => save.mutate(before)}
            >
              Undo the save
            </Button>
          )}
          <Button
            variant="default"
            disabled={changed.length === 0}
            onClick={() => {
              setDraft(stored)
              save.reset()
              setMerged(false)
            }}
          >
            Undo changes
          </Button>
          <Button
            type="submit"
            leftSection={<IconDeviceFloppy size={14} />}
            disabled={changed.length === 0 || local.size > 0 || readOnly}
            loading={save.isPending}
          >
            Save
          </Button>
        </div>
      </div>
    </form>
  )
}
