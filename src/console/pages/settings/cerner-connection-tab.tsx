import { Switch, TextInput } from '@mantine/core'
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react'
import { Fragment } from 'react'
import type { CernerStatus } from '../../../contract/cerner.ts'
import { CopyLine } from '../../parts/copy.tsx'
import { NothingYet } from '../../parts/states.tsx'
import css from './cerner.module.css'
import { Discovery } from './cerner-discovery.tsx'
import { Keys } from './cerner-keys.tsx'
import { CHOICE_WORDS, SECTIONS } from './cerner-sections.ts'
import type { JsonSchema } from './json-schema.ts'
import { PlaceFields } from './place-fields.tsx'
import settingsCss from './settings.module.css'
import type { SettingsDraft } from './use-settings-draft.ts'

interface TabProps {
  form: SettingsDraft
  schema: JsonSchema
  status: CernerStatus
  readOnly: boolean
}

/** Settings that only one way of proving who we are uses. */
// prettier-ignore
const ONLY_FOR: Readonly<Record<string, string>> = {
  'auth.clientSecret': 'client_secret_basic', 'auth.privateKey': 'private_key_jwt', 'auth.keyId': 'private_key_jwt', 'auth.algorithm': 'private_key_jwt',
}

export function ConnectionTab({ form, schema, status, readOnly }: TabProps) {
  const [where, who, launch] = SECTIONS.connection
  const method = form.get('auth.method')
  const launched = form.get('launch.enabled') === true
  const fields = { form, schema, disabled: readOnly, words: CHOICE_WORDS }
  return (
    <>
      <section className={settingsCss.group}>
        <h3>Connection</h3>
        <div className={settingsCss.fields}>
          <TextInput
            size="xs"
            label="Name"
            value={form.draft.name}
            disabled={readOnly}
            required
            withAsterisk={false}
            maxLength={120}
            onChange={(event) => form.setDraft({ ...form.draft, name: event.currentTarget.value })}
          />
          <Switch
            size="xs"
            label="Switched on"
            description="Off asks Cerner nothing and sends nothing; what waits to be sent keeps waiting."
            checked={form.draft.enabled}
            disabled={readOnly}
            onChange={(event) => form.setDraft({ ...form.draft, enabled: event.currentTarget.checked })}
          />
        </div>
      </section>
      <section className={settingsCss.group}>
        <h3>{where?.title}</h3>
        <PlaceFields {...fields} places={where?.places ?? []} />
        <Discovery form={form} endpoints={status.endpoints} readOnly={readOnly} />
      </section>
      <section className={settingsCss.group}>
        <h3>{who?.title}</h3>
        <PlaceFields
          {...fields}
          places={(who?.places ?? []).filter((place) => (ONLY_FOR[place] ?? method) === method)}
        />
        {method === 'private_key_jwt' && (
          <Keys
            form={form}
            known={status.register.public_key}
            jwksUrl={status.register.jwks_url}
            readOnly={readOnly}
          />
        )}
      </section>
      <section className={settingsCss.group}>
        <h3>{launch?.title}</h3>
        <PlaceFields
          {...fields}
          places={(launch?.places ?? []).filter((place) => launched || place === 'launch.enabled')}
        />
      </section>
    </>
  )
}

/** What somebody at Cerner has to type into the registration of the app. */
export function Register({ register }: { register: CernerStatus['register'] }) {
  return (
    <section className="card" aria-labelledby="register">
      <div className="cardHead">
        <h2 id="register">To register at Cerner</h2>
      </div>
      <div className="cardBody">
        {register.redirect_urls.map((url, index) => (
          <CopyLine
            key={url}
            label={register.redirect_urls.length === 1 ? 'Redirect address' : `Redirect address ${index + 1}`}
            help="Exactly so, also the slash at the end or its absence."
            value={url}
          />
        ))}
        <CopyLine label="Launch address" help="Opened from inside PowerChart." value={register.launch_url} />
        <CopyLine label="JWKS address" help="Where our public keys are read." value={register.jwks_url} />
      </div>
    </section>
  )
}

// prettier-ignore
const GRANTS = {
  yes: { label: 'Granted', tone: 'ok', icon: IconCheck }, no: { label: 'Not granted', tone: 'bad', icon: IconX },
  unknown: { label: 'No token yet', tone: 'mute', icon: IconMinus },
} as const

/** A scope may be broken after its parts, and nowhere else. */
const ScopeName = ({ scope }: { scope: string }) =>
  scope.split(/(?<=[/.])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ))

export function Scopes({ scopes }: { scopes: CernerStatus['scopes'] }) {
  const missing = scopes.filter(({ asked, granted }) => asked && granted === false)
  const sorted = [...missing, ...scopes.filter((one) => !missing.includes(one))]
  return (
    <section className="card" aria-labelledby="scopes">
      <div className="cardHead">
        <h2 id="scopes">Scopes</h2>
        <span className="dim">
          {missing.length === 0
            ? 'what we may ask of Cerner'
            : `${missing.length} of ${scopes.length} asked for and not granted`}
        </span>
      </div>
      {scopes.length === 0 ? (
        <NothingYet title="No scope is needed">
          Nothing is switched on that would ask Cerner for anything.
        </NothingYet>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label="Scopes, scrollable">
          <table className="grid">
            <caption>
              Cerner leaves out silently what it did not enable for this app and tenant, so asked and granted
              are compared with each token.
            </caption>
            <thead>
              <tr>
                <th scope="col">Scope</th>
                <th scope="col" className={css.roomy}>
                  For
                </th>
                <th scope="col" className={css.roomy}>
                  Asked
                </th>
                <th scope="col">Granted</th>
                <th scope="col">Without it</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((one) => {
                const look = GRANTS[one.granted === null ? 'unknown' : one.granted ? 'yes' : 'no']
                return (
                  <tr key={one.scope}>
                    <td className={`mono ${css.scopeName}`}>
                      <ScopeName scope={one.scope} />
                    </td>
                    <td className={css.roomy}>{one.for}</td>
                    <td className={css.roomy}>{one.asked ? 'yes' : 'no'}</td>
                    <td>
                      <span
                        className="pill"
                        data-tone={one.asked || one.granted === true ? look.tone : 'mute'}
                      >
                        <look.icon size={13} stroke={2} aria-hidden="true" />
                        {look.label}
                      </span>
                    </td>
                    <td className={missing.includes(one) ? css.breaks : 'dim'}>{one.breaks}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
