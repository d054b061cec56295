import { Button } from '@mantine/core'
import { IconCheck, IconWorldSearch } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { CernerStatus, Discovered } from '../../../contract/cerner.ts'
import { discover } from '../../api/cerner.ts'
import { Facts } from '../../parts/inspector.tsx'
import { Refused } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import css from './cerner.module.css'
import type { SettingsDraft } from './use-settings-draft.ts'

const Mono = ({ children }: { children: string }) => <span className="mono">{children}</span>
const PINNED: [place: string, found: 'token' | 'authorize', label: string][] = [
  ['fhir.tokenUrl', 'token', 'token address'],
  ['fhir.authorizeUrl', 'authorize', 'authorize address'],
]

function Found({ found, form }: { found: Discovered; form: SettingsDraft }) {
  const pinned = PINNED.filter(([place, key]) => {
    const set = form.get(place)
    return typeof set === 'string' && set !== '' && set !== found[key]
  })
  return (
    <div className={css.found}>
      <p className={css.foundTitle}>
        <IconCheck size={15} aria-hidden="true" /> Found by {found.found_in}; the address and the version were
        filled in.
      </p>
      <Facts
        rows={[
          ['FHIR address', <Mono key="v">{found.fhir}</Mono>],
          ['Tenant', <Mono key="v">{found.tenant}</Mono>],
          ['Version', found.version],
          ['Token', <Mono key="v">{found.token}</Mono>],
          ['Authorize', <Mono key="v">{found.authorize}</Mono>],
          ['Issuer', <Mono key="v">{found.issuer}</Mono>],
          ['Keys', <Mono key="v">{found.jwks}</Mono>],
          [
            'Can',
            found.capabilities.length === 0 ? null : (
              <details key="v">
                <summary>{found.capabilities.length} capabilities</summary>
                {found.capabilities.join(', ')}
              </details>
            ),
          ],
          [
            'Resources',
            <details key="v">
              <summary>{found.resources.length} types</summary>
              <ul className={css.resources}>
                {found.resources.map(({ type, interactions }) => (
                  <li key={type}>
                    <strong>{type}</strong> {interactions.join(', ')}
                  </li>
                ))}
              </ul>
            </details>,
          ],
        ]}
      />
      {pinned.map(([place, key, label]) => (
        <p key={place} className={css.pinned}>
          The {label} in the form is another one.{' '}
          <Button size="compact-xs" variant="default" onClick={() => form.set(place, '')}>
            Use what was found
          </Button>{' '}
          <span className="dim mono">{found[key]}</span>
        </p>
      ))}
    </div>
  )
}

/** Asks the FHIR address what it is, and fills in what follows from the answer. */
export function Discovery({
  form,
  endpoints,
  readOnly,
}: {
  form: SettingsDraft
  endpoints: CernerStatus['endpoints']
  readOnly: boolean
}) {
  const base = form.get('fhir.base')
  const address = typeof base === 'string' ? base.trim() : ''
  const ask = useMutation({
    mutationFn: discover,
    onSuccess: ({ fhir, version }) => form.setAll({ 'fhir.base': fhir, 'fhir.version': version }),
  })
  return (
    <div className={css.discovery}>
      <div className={css.discoverRow}>
        <Button
          variant="default"
          leftSection={<IconWorldSearch size={14} />}
          disabled={readOnly || address === '' || form.local.has('fhir.base')}
          loading={ask.isPending}
          onClick={() => ask.mutate(address)}
        >
          Discover
        </Button>
        <span className="dim">
          {endpoints === null ? (
            'Reads the tenant’s own description, with no token.'
          ) : (
            <>
              Discovered <Time at={endpoints.at} shape="ago" />: token from{' '}
              <span className="mono">{new URL(endpoints.token).host}</span>
            </>
          )}
        </span>
      </div>
      <div aria-live="polite">
        {ask.isError && <Refused error={ask.error} onRetry={() => ask.mutate(address)} />}
        {ask.data !== undefined && <Found found={ask.data} form={form} />}
      </div>
    </div>
  )
}
