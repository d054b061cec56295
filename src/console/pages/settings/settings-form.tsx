import { Switch, TextInput } from '@mantine/core'
import type { Connection } from '../../../contract/connections.ts'
import { Field } from './fields.tsx'
import type { JsonSchema } from './json-schema.ts'
import { SaveBar } from './save-bar.tsx'
import css from './settings.module.css'
import { useSettingsDraft } from './use-settings-draft.ts'

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
  const form = useSettingsDraft(one, schema)
  const { base, draft, faults } = form
  return (
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
            onChange={(event) => form.setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <Switch
            size="xs"
            label="Switched on"
            description="Off closes the listener; what was received stays."
            checked={draft.enabled}
            disabled={readOnly}
            onChange={(event) => form.setDraft({ ...draft, enabled: event.currentTarget.checked })}
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
                onChange={(value) => form.set(key, value)}
              />
            ))}
          </div>
        </section>
      ))}
      <SaveBar form={form} readOnly={readOnly} saved="Saved; the listener runs with it." />
    </form>
  )
}
