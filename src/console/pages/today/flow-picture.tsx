import { useElementSize } from '@mantine/hooks'
import { IconAlertTriangle, IconCalendar, IconFlask2, IconUsers, type Icon } from '@tabler/icons-react'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { MetricsSummary } from '../../../contract/metrics.ts'
import { NothingYet } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { channelName } from '../../parts/where-from.tsx'
import { count, shortCount } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import {
  byConnection,
  column,
  draw,
  FAMILIES,
  flowOf,
  isOneKind,
  type FlowChannel,
  type FlowNode,
  type RecordNode,
} from './flow-layout.ts'
import css from './flow.module.css'

type Channel = FlowChannel
// prettier-ignore
const STATE_WORDS: Record<Channel['state'], string> = { up: 'Up', down: 'Down', off: 'Switched off' }

const perMinute = (channel: Channel, seconds: number): number => {
  const whole = channel.series.slice(-4, -1)
  return whole.length === 0 ? 0 : (whole.reduce((sum, value) => sum + value, 0) / whole.length / seconds) * 60
}

function Node({
  node,
  left,
  width,
  to,
  tone,
  children,
}: {
  node: FlowNode
  left: number
  width: number
  to?: Pick<LinkProps, 'to' | 'search'>
  tone?: string
  children: ReactNode
}) {
  const box = { left, top: node.top, width, height: node.height }
  return to === undefined ? (
    <div className={css.node} style={box} data-tone={tone}>
      {children}
    </div>
  ) : (
    <Link className={css.node} style={box} data-tone={tone} {...to}>
      {children}
    </Link>
  )
}

const RECORDS: { id: RecordNode; label: string; icon: Icon; to: LinkProps['to'] }[] = [
  { id: 'patients', label: 'Patients', icon: IconUsers, to: '/patients' },
  { id: 'schedule', label: 'Schedule', icon: IconCalendar, to: '/schedule' },
  { id: 'results', label: 'Results', icon: IconFlask2, to: '/patients' },
]
const amountOf = (now: MetricsSummary, id: RecordNode): [string, string] =>
  id === 'patients'
    ? [shortCount(now.records.patients), 'people']
    : id === 'schedule'
      ? [count(now.records.appointments_today), 'today']
      : [count(now.records.reports_today), 'today']

function ChannelWords({ channel, seconds }: { channel: Channel; seconds: number }) {
  return (
    <>
      <span className={css.name}>{channel.name}</span>
      <span className={css.under}>
        <span className={css.state} data-state={channel.state}>
          {STATE_WORDS[channel.state]}
        </span>
        <span className="dim">
          {channelName(channel.channel)}
          {channel.calls === 0 && ` ${channel.direction}`}
        </span>
      </span>
      <span className={css.rate}>
        {channel.state === 'up' ? (
          <>
            <strong>{count(Math.round(perMinute(channel, seconds)))}</strong> per minute
            {channel.calls > 0 && <span className="dim"> · {shortCount(channel.calls)} calls</span>}
          </>
        ) : (
          <>
            last heard <Time at={channel.last_at} shape="ago" />
          </>
        )}
      </span>
    </>
  )
}

const HEIGHT = 330
/** Enough for each node to stand apart from the next one. */
const heightFor = (connections: number, families: number): number =>
  Math.max(HEIGHT, connections * 90 + 14, families * 56 + 90)
const summaryOf = (channels: readonly Channel[]): string =>
  channels
    .map((one) => `${one.name} ${STATE_WORDS[one.state].toLowerCase()}, ${count(one.received)} received`)
    .join('; ')

function Wide({
  now,
  channels,
  width,
  logs,
}: {
  now: MetricsSummary
  channels: readonly Channel[]
  width: number
  logs: boolean
}) {
  const flow = flowOf(channels)
  const height = heightFor(channels.length, flow.families.length)
  const nodeWidth = Math.min(210, width * 0.2)
  const lefts = [56, 56 + (width - 56 - nodeWidth) / 2, width - nodeWidth]
  const nodes = [
    ...column(
      channels.map((one) => one.connection_id),
      0,
      height,
      76,
    ),
    ...column(
      flow.families.map(({ family }) => family),
      1,
      height - 76,
      46,
    ),
    ...column(['patients', 'schedule', 'results', 'person'], 2, height, 62),
  ]
  const at = (id: string) => nodes.find((node) => node.id === id) as FlowNode
  const links = draw(flow.links, nodes, lefts, nodeWidth)
  const busiest = Math.max(1, ...links.map(({ amount }) => amount))
  return (
    <div className={css.picture} style={{ height }}>
      <svg
        className={css.links}
        width={width}
        height={height}
        role="img"
        aria-label={`Flow: ${summaryOf(channels)}`}
      >
        <rect x={0} y={10} width={24} height={height - 20} rx={7} className={css.source} />
        <text
          className={css.sourceName}
          transform={`translate(16 ${height / 2}) rotate(-90)`}
          textAnchor="middle"
        >
          Cerner
        </text>
        {channels.map((one) => {
          const y = at(one.connection_id).top + 38
          return (
            <path
              key={one.connection_id}
              d={`M24 ${y}H${lefts[0]}`}
              className={css.stub}
              data-state={one.state}
            />
          )
        })}
        {links.map((link) => (
          <g key={`${link.from} ${link.to}`} data-tone={link.tone} className={css.link}>
            <path d={link.path} strokeWidth={link.width} className={css.band} />
            {link.tone !== 'still' && (
              <path
                d={link.path}
                className={css.dots}
                style={{ animationDuration: `${7 - 4.5 * Math.sqrt(link.amount / busiest)}s` }}
              />
            )}
          </g>
        ))}
      </svg>
      {channels.map((one) => (
        <Node
          key={one.connection_id}
          node={at(one.connection_id)}
          left={lefts[0] ?? 0}
          width={nodeWidth}
          tone={one.state}
          to={
            logs
              ? { to: '/settings/integrations/logs', search: { connection_id: one.connection_id } }
              : undefined
          }
        >
          <ChannelWords channel={one} seconds={now.bucket_seconds} />
        </Node>
      ))}
      {flow.families.map(({ family, amount }) => (
        <Node
          key={family}
          node={at(family)}
          left={lefts[1] ?? 0}
          width={nodeWidth}
          to={
            logs && isOneKind(family)
              ? { to: '/settings/integrations/logs', search: { kind: family } }
              : undefined
          }
        >
          <span className={css.row}>
            <span className="mono">{family}</span>
            <strong className="num">{shortCount(amount)}</strong>
          </span>
          <span className={css.small}>{FAMILIES[family]?.label}</span>
        </Node>
      ))}
      {RECORDS.map(({ id, label, icon: Sign, to }) => (
        <Node key={id} node={at(id)} left={lefts[2] ?? 0} width={nodeWidth} to={{ to }}>
          <span className={css.row}>
            <span className={css.label}>
              <Sign size={15} stroke={1.7} aria-hidden="true" />
              {label}
            </span>
          </span>
          <span>
            <strong className={css.big}>{amountOf(now, id)[0]}</strong>{' '}
            <span className={css.small}>{amountOf(now, id)[1]}</span>
          </span>
        </Node>
      ))}
      <Node
        node={at('person')}
        left={lefts[2] ?? 0}
        width={nodeWidth}
        tone={now.open_errors > 0 ? 'bad' : undefined}
        to={logs ? { to: '/settings/integrations/logs', search: { state: 'parked' } } : undefined}
      >
        <span className={css.label}>
          <IconAlertTriangle size={15} stroke={1.7} aria-hidden="true" />
          Needs a person
        </span>
        <span>
          <strong className={css.big}>{count(now.open_errors)}</strong>{' '}
          <span className={css.small}>parked</span>
        </span>
      </Node>
    </div>
  )
}

function Narrow({ now, channels }: { now: MetricsSummary; channels: readonly Channel[] }) {
  return (
    <ul className={css.list}>
      {channels.map((one) => (
        <li key={one.connection_id} className={css.item} data-tone={one.state}>
          <ChannelWords channel={one} seconds={now.bucket_seconds} />
          <span className={css.kinds}>
            {flowOf([one]).families.map(({ family, amount }) => (
              <span key={family}>
                <span className="mono">{family}</span> {shortCount(amount)}
              </span>
            ))}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** The picture of the day: Cerner → connections → kinds of message → our records, as wide as they are busy. */
export function FlowPicture({ now }: { now: MetricsSummary }) {
  const { ref, width } = useElementSize()
  const logs = useMay('exchanges.read')
  const channels = byConnection(now.channels)
  return (
    <section className="card" aria-labelledby="flow-title">
      <div className="cardHead">
        <h2 id="flow-title">Flow</h2>
        <span className="dim">Cerner to practice, by kind of message</span>
      </div>
      <div className="cardBody">
        <div ref={ref}>
          {channels.length === 0 ? (
            <NothingYet title="No connection yet">
              Connections appear here as soon as one is set up under Settings › Integrations.
            </NothingYet>
          ) : width === 0 ? (
            <div style={{ height: HEIGHT }} />
          ) : width < 620 ? (
            <Narrow now={now} channels={channels} />
          ) : (
            <Wide now={now} channels={channels} width={width} logs={logs} />
          )}
        </div>
      </div>
    </section>
  )
}
