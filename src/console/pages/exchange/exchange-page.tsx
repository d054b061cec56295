import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlayerTrackNext } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { RecordRef } from '../../../contract/common.ts'
import type { ExchangeDetail } from '../../../contract/exchanges.ts'
import { retry, withdraw } from '../../api/booking.ts'
import { problemFrom } from '../../api/http.ts'
import { decoded, exchange, timelineOf } from '../../api/queries.ts'
import { BeforeAfter } from '../../parts/before-after.tsx'
import { ErrorCard } from '../../parts/error-card.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { useRefreshSides } from '../../parts/pending.tsx'
import { NotPermitted, Ready, Refused } from '../../parts/states.tsx'
import { EXCHANGE_LOOKS, StatePill } from '../../parts/state-pill.tsx'
import { Time } from '../../parts/time.tsx'
import { channelName } from '../../parts/where-from.tsx'
import { bytes, count, plural } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import css from './exchange.module.css'
import { Panes } from './panes.tsx'
import { ReplayDialog } from './replay-dialog.tsx'
import { took } from './took.ts'

function RecordLink({ record }: { record: RecordRef }) {
  if (record.type === 'patient')
    return (
      <Link to="/patients/$id" params={{ id: record.id }}>
        patient
      </Link>
    )
  if (record.type === 'appointment')
    return (
      <Link to="/schedule" search={{ at: record.id }}>
        appointment
      </Link>
    )
  return <span>{record.type}</span>
}

/** HTTP calls and what they brought: nobody waits for an acknowledgement of ours. */
const isCall = ({ channel }: ExchangeDetail): boolean => ['fhir', 'millennium', 'cerner'].includes(channel)

function Facts({ one }: { one: ExchangeDetail }) {
  const call = isCall(one)
  return (
    <dl className={`card ${css.facts}`}>
      <div>
        <dt>State</dt>
        <dd>
          <StatePill state={one.state} />
        </dd>
      </div>
      <div>
        <dt>Control id</dt>
        <dd className="mono">{one.control_id || '–'}</dd>
      </div>
      <div>
        <dt>Connection</dt>
        <dd>
          <Link to="/settings/integrations/logs" search={{ connection_id: one.connection_id }}>
            {one.connection_name}
          </Link>{' '}
          <span className="dim">
            {channelName(one.channel)} {one.direction}
          </span>
        </dd>
      </div>
      <div>
        <dt>{call ? 'Host' : 'Sender'}</dt>
        <dd>
          {one.sender || (call ? '' : '–')} <span className="dim mono">{one.remote}</span>
        </dd>
      </div>
      <div>
        <dt>{one.direction === 'out' ? 'Begun' : 'Received'}</dt>
        <dd>
          <Time at={one.received_at} shape="stamp" />
        </dd>
      </div>
      <div>
        <dt>Finished</dt>
        <dd>{one.finished_at === null ? 'not yet' : took(one.received_at, one.finished_at)}</dd>
      </div>
      {!call && (
        <div>
          <dt>Acknowledged</dt>
          <dd>
            {one.ack_code === null ? '' : <span className="mono">{one.ack_code} </span>}
            {one.ack_outcome === 'sent'
              ? 'heard back'
              : one.ack_outcome === 'unsent'
                ? 'did not hear back'
                : 'not known'}
          </dd>
        </div>
      )}
      <div>
        <dt>Attempts</dt>
        <dd>{count(one.attempts)}</dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>
          {bytes(one.size_bytes)}{' '}
          <span className="dim">{/^\d/.test(one.version) ? `v${one.version}` : one.version}</span>
        </dd>
      </div>
    </dl>
  )
}

function TimelineCard({ one }: { one: ExchangeDetail }) {
  const query = useQuery(timelineOf(one.id))
  return (
    <section className="card" aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <Ready query={query} rows={3}>
        {({ events }) => (
          <ol className={css.timeline}>
            {events.map((event, index) => (
              <li key={`${event.at} ${index}`} data-event={event.event}>
                <span className={css.when}>
                  <Time at={event.at} shape="seconds" />
                  <small>{index === 0 ? '' : took(events[0]?.at ?? event.at, event.at)}</small>
                </span>
                <span>
                  <strong>{event.event}</strong> {event.says}
                  <small>
                    {event.actor}
                    {event.exchange_id !== null && (
                      <>
                        {' '}
                        ·{' '}
                        <Link to="/exchanges/$id" params={{ id: event.exchange_id }}>
                          open
                        </Link>
                      </>
                    )}
                  </small>
                </span>
              </li>
            ))}
          </ol>
        )}
      </Ready>
    </section>
  )
}

function RecordsCard({ one }: { one: ExchangeDetail }) {
  const keys = [...new Set(one.changes.map(({ record }) => `${record.type} ${record.id}`))]
  const bare = one.records.filter(({ type, id }) => !keys.includes(`${type} ${id}`))
  return (
    <section className="card" aria-labelledby="records">
      <h2 id="records">Our records, before and after</h2>
      <div className="cardBody">
        {keys.length + bare.length === 0 && (
          <p className="dim" style={{ margin: 0 }}>
            It touched no record. {EXCHANGE_LOOKS[one.state].means}
          </p>
        )}
        {keys.map((key) => {
          const changes = one.changes.filter(({ record }) => `${record.type} ${record.id}` === key)
          const record = changes[0]?.record
          return record === undefined ? null : (
            <div key={key} className={css.record}>
              <h3>
                <RecordLink record={record} />
              </h3>
              <BeforeAfter changes={changes} label={`Changes to the ${record.type}`} />
            </div>
          )
        })}
        {bare.map((record) => (
          <p key={record.id} style={{ margin: 0 }}>
            <RecordLink record={record} />, unchanged
          </p>
        ))}
      </div>
    </section>
  )
}

function Links({ title, ids }: { title: string; ids: readonly (string | null)[] }) {
  const known = ids.filter((id) => id !== null)
  if (known.length === 0) return null
  return (
    <p className={css.links}>
      {title}{' '}
      {known.map((id, index) => (
        <Link key={id} to="/exchanges/$id" params={{ id }}>
          {known.length === 1 ? 'open' : `no. ${index + 1}`}
        </Link>
      ))}
    </p>
  )
}

function Related({ one }: { one: ExchangeDetail }) {
  if (
    one.warnings.length + one.repeats.length + one.replays.length === 0 &&
    one.duplicate_of === null &&
    one.replay_of === null
  )
    return null
  return (
    <section className="card" aria-labelledby="related">
      <h2 id="related">Notes</h2>
      <div className={`cardBody ${css.notes}`}>
        <Links title="A repeat of an earlier message:" ids={[one.duplicate_of]} />
        <Links title="A replay of:" ids={[one.replay_of]} />
        <Links title={`${plural(one.repeats.length, 'repeat')} came later:`} ids={one.repeats} />
        <Links title={`${plural(one.replays.length, 'replay')}:`} ids={one.replays} />
        {one.warnings.map((warning, index) => (
          <p key={`${warning.code} ${index}`}>
            <span className="pill" data-tone="warn">
              warning
            </span>{' '}
            {warning.says} <span className="place">{warning.place}</span>
          </p>
        ))}
      </div>
    </section>
  )
}

function MessageCard({ one }: { one: ExchangeDetail }) {
  const seesRaw = useMay('exchanges.read-raw')
  const query = useQuery({ ...decoded(one.id), enabled: seesRaw })
  return (
    <section className="card" aria-labelledby="message">
      <div className="cardHead">
        <h2 id="message">
          {isChange(one) ? 'Change' : isCall(one) && one.direction === 'out' ? 'Call' : 'Message'}
        </h2>
        {!(isCall(one) && one.direction === 'out') && (
          <span className={`dim ${css.hint}`}>
            Point at a value to see it raw, parsed and mapped; press it to keep it lit.
          </span>
        )}
        {seesRaw && (
          <Button
            component="a"
            ml="auto"
            size="compact-xs"
            variant="default"
            href={`/api/exchanges/${one.id}/raw`}
            download
          >
            Bytes
          </Button>
        )}
      </div>
      {seesRaw ? (
        query.isError ? (
          <Refused error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Ready query={query} rows={10}>
            {(data) => (
              <>
                {data.problem !== null && one.error === null && (
                  <div className="cardBody">
                    <ErrorCard error={data.problem} />
                  </div>
                )}
                <Panes key={one.id} decoded={data} start={one.error?.place ?? null} />
              </>
            )}
          </Ready>
        )
      ) : (
        <NotPermitted
          problem={{
            detail: 'Your role does not include exchanges.read-raw.',
            todo: 'What became of the message is shown; what stands in it is not.',
          }}
        />
      )}
    </section>
  )
}

/** `book Appointment` is a change of ours; `GET Appointment` is a call. */
const isChange = ({ direction, kind }: ExchangeDetail): boolean => direction === 'out' && /^[a-z]/.test(kind)
function useMayDecide({ kind }: ExchangeDetail): boolean {
  const [schedule, patients, results] = [
    useMay('schedule.write'),
    useMay('patients.write'),
    useMay('results.write'),
  ]
  return kind.endsWith(' Appointment') ? schedule : kind.endsWith(' Patient') ? patients : results
}
const TAKES_BACK: readonly ExchangeDetail['state'][] = ['queued', 'retrying', 'parked']

/** A change of ours that Cerner has not taken: once more, or back. Calls of a pull are no changes. */
function ChangeWays({ one }: { one: ExchangeDetail }) {
  const refresh = useRefreshSides()
  const mayDecide = useMayDecide(one)
  const again = useMutation({ mutationFn: () => retry(one.id), onSettled: refresh })
  const back = useMutation({ mutationFn: () => withdraw(one.id), onSettled: refresh })
  if (!mayDecide || !isChange(one) || !TAKES_BACK.includes(one.state)) return null
  const failed = again.error ?? back.error
  const problem = failed === null ? null : problemFrom(failed)
  return (
    <div className={css.ways}>
      {one.state === 'parked' && one.error?.code !== 'CONFLICT_WAITS' && (
        <Button size="compact-sm" loading={again.isPending} onClick={() => again.mutate()}>
          Try again
        </Button>
      )}
      <Button size="compact-sm" variant="default" loading={back.isPending} onClick={() => back.mutate()}>
        Take it back
      </Button>
      {problem !== null && (
        <div role="alert" className={css.waysProblem}>
          <ErrorCard error={{ code: problem.code, says: problem.detail, todo: problem.todo }} />
        </div>
      )}
    </div>
  )
}

export function ExchangePage() {
  const { id } = useParams({ from: '/exchanges/$id' })
  const query = useQuery(exchange(id))
  const mayReplay = useMay('exchanges.replay')
  const [replaying, { open, close }] = useDisclosure(false)
  return (
    <>
      <PageHead
        title={query.data?.kind ?? 'Message'}
        windowTitle="Message"
        trail={<Link to="/settings/integrations/logs">Logs</Link>}
      >
        {query.data !== undefined && mayReplay && query.data.direction === 'in' && (
          <Button onClick={open} leftSection={<IconPlayerTrackNext size={15} />}>
            Replay…
          </Button>
        )}
      </PageHead>
      <Ready query={query} rows={12}>
        {(one) => (
          <div className={css.page}>
            {one.error !== null && one.state !== 'resolved' && (
              <ErrorCard error={one.error}>
                {mayReplay && one.direction === 'in' && (
                  <Button mt={6} size="compact-xs" variant="default" onClick={open}>
                    Edit and replay…
                  </Button>
                )}
                <ChangeWays one={one} />
              </ErrorCard>
            )}
            {one.error === null && <ChangeWays one={one} />}
            <Facts one={one} />
            <MessageCard one={one} />
            <div className={css.pair}>
              <RecordsCard one={one} />
              <div className={css.side}>
                <TimelineCard one={one} />
                <Related one={one} />
              </div>
            </div>
            {replaying && <ReplayDialog one={one} onClose={close} />}
          </div>
        )}
      </Ready>
    </>
  )
}
