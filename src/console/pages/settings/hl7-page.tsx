import { Button, SegmentedControl } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconPlugConnected, IconX } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { Connection } from '../../../contract/connections.ts'
import { connections, connectionSchema, probeConnection } from '../../api/queries.ts'
import { Facts } from '../../parts/inspector.tsx'
import { Ladder } from '../../parts/ladder.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Loading, NothingYet, Ready, Refused } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { count } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { isRecord } from './json-schema.ts'
import { SettingsForm } from './settings-form.tsx'
import css from './settings.module.css'

// prettier-ignore
const STATES = {
  listening: { label: 'Listening', tone: 'ok' }, stopped: { label: 'Stopped', tone: 'mute' }, failed: { label: 'Not listening', tone: 'bad' },
} as const

function ListenerCard({ one }: { one: Connection }) {
  const { listener } = one
  if (listener === null)
    return (
      <section className="card">
        <h2>Listener</h2>
        <div className="cardBody dim">This connection does not listen.</div>
      </section>
    )
  const look = STATES[listener.state]
  return (
    <section className="card" aria-labelledby="listener">
      <div className="cardHead">
        <h2 id="listener">Listener</h2>
        <span className="pill" data-tone={look.tone}>
          {listener.state === 'listening' ? (
            <IconCheck size={13} aria-hidden="true" />
          ) : (
            <IconX size={13} aria-hidden="true" />
          )}
          {look.label}
        </span>
        <Link to="/settings/integrations/logs" search={{ connection_id: one.id }} className={css.more}>
          Messages
        </Link>
      </div>
      <div className="cardBody">
        {listener.problem !== null && (
          <p className={css.problem} role="alert">
            <IconAlertTriangle size={15} aria-hidden="true" /> {listener.problem}
          </p>
        )}
        <Facts
          rows={[
            [
              'Address',
              listener.address === null ? null : (
                <span key="a" className="mono">
                  {listener.address}
                </span>
              ),
            ],
            ['Last heard', <Time key="t" at={listener.last_heard_at} shape="ago" />],
            [
              'Refused',
              <span key="r" title="Senders that were turned away: not on the allow-list, or too many">
                {count(listener.refused)} connections
              </span>,
            ],
            [
              'Noise',
              <span key="n" title="Bytes outside of frames, dropped">
                {count(listener.noise)} bytes outside of frames
              </span>,
            ],
          ]}
        />
      </div>
      {listener.peers.length === 0 ? (
        <p className={css.quiet}>
          Nobody is connected. That is normal for senders that close after each message.
        </p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label="Connected senders">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Sender</th>
                <th scope="col">Since</th>
                <th scope="col">Last heard</th>
                <th scope="col" className="num">
                  Messages
                </th>
                <th scope="col" className="num">
                  Noise
                </th>
              </tr>
            </thead>
            <tbody>
              {listener.peers.map((peer) => (
                <tr key={peer.remote}>
                  <td className="mono">{peer.remote}</td>
                  <td>
                    <Time at={peer.since} shape="ago" />
                  </td>
                  <td>
                    <Time at={peer.last_heard_at} shape="ago" />
                  </td>
                  <td className="num">{count(peer.frames)}</td>
                  <td className="num">{count(peer.noise)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function ProbeCard({ one, allowed }: { one: Connection; allowed: boolean }) {
  const probe = useMutation({ mutationFn: () => probeConnection(one.id) })
  return (
    <section className="card" aria-labelledby="probe">
      <div className="cardHead">
        <h2 id="probe">Connectivity test</h2>
        <Button
          ml="auto"
          size="compact-sm"
          leftSection={<IconPlugConnected size={14} />}
          disabled={!allowed}
          loading={probe.isPending}
          onClick={() => probe.mutate()}
        >
          Test connection
        </Button>
      </div>
      <div className="cardBody" aria-live="polite">
        {probe.isPending ? (
          <Loading rows={4} label="Testing the connection" />
        ) : probe.isError ? (
          <Refused error={probe.error} onRetry={() => probe.mutate()} />
        ) : probe.data === undefined ? (
          <p className="dim" style={{ margin: 0 }}>
            Goes up rung by rung, from the settings to a message that is acknowledged, and says what each rung
            found.
          </p>
        ) : (
          <Ladder {...probe.data} />
        )}
      </div>
    </section>
  )
}

function Settings({ one, readOnly }: { one: Connection; readOnly: boolean }) {
  const query = useQuery(connectionSchema(one.id))
  return (
    <Ready query={query} rows={12}>
      {(schema) => <SettingsForm one={one} schema={isRecord(schema) ? schema : {}} readOnly={readOnly} />}
    </Ready>
  )
}

export function Hl7Page() {
  const query = useQuery(connections)
  const search = useSearch({ from: '/settings/integrations/hl7' })
  const navigate = useNavigate({ from: '/settings/integrations/hl7' })
  const mayWrite = useMay('connections.write')
  const list = (query.data ?? []).filter(({ channel }) => channel === 'hl7v2')
  const one = list.find(({ id }) => id === search.connection) ?? list[0]
  return (
    <>
      <PageHead
        title="HL7"
        trail="Settings › Integrations"
        note="HL7 v2 over MLLP: who may send, how it is acknowledged and how it is read"
      >
        {list.length > 1 && one !== undefined && (
          <SegmentedControl
            size="xs"
            aria-label="Connection"
            value={one.id}
            onChange={(id) => void navigate({ search: { connection: id } })}
            data={list.map(({ id, name }) => ({ value: id, label: name }))}
          />
        )}
      </PageHead>
      <Ready query={query} rows={12}>
        {() =>
          one === undefined ? (
            <div className="card">
              <NothingYet title="No HL7 connection yet">
                A connection is made on the first start of the engine.
              </NothingYet>
            </div>
          ) : (
            <div className={css.page}>
              <div className={css.side}>
                <ListenerCard one={one} />
                <ProbeCard key={one.id} one={one} allowed={mayWrite} />
              </div>
              <Settings key={one.id} one={one} readOnly={!mayWrite} />
            </div>
          )
        }
      </Ready>
    </>
  )
}
