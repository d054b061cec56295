import {
  IconActivity,
  IconArrowsSplit2,
  IconCalendar,
  IconCloudDataConnection,
  IconHeartRateMonitor,
  IconPlugConnected,
  IconTimeline,
  IconUsers,
  type Icon,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { Permission } from '../../contract/session.ts'
import { useLive } from '../api/live.ts'
import { openConflicts } from '../api/booking.ts'
import { summary } from '../api/queries.ts'
import { count } from '../parts/words.ts'
import { useMay, useSession } from './session.ts'
import css from './shell.module.css'

export interface PageEntry {
  to: LinkProps['to']
  label: string
  icon: Icon
  needs: Permission
  /** After `g`. */
  key: string
  hint: string
}
/** The menu: only pages that exist, and only those that the role may open. */
// prettier-ignore
export const PAGES: readonly PageEntry[] = [
  { to: '/today',    label: 'Today',    icon: IconActivity, needs: 'metrics.read',  key: 't', hint: 'Live flow, queue and failures' },
  { to: '/patients', label: 'Patients', icon: IconUsers,    needs: 'patients.read', key: 'p', hint: 'Find a person, and where each field is from' },
  { to: '/schedule', label: 'Schedule', icon: IconCalendar, needs: 'schedule.read', key: 's', hint: 'Days and weeks by provider' },
]
// prettier-ignore
export const REVIEW: readonly PageEntry[] = [
  { to: '/review/conflicts', label: 'Conflicts', icon: IconArrowsSplit2, needs: 'conflicts.read', key: 'r', hint: 'What both sides changed, and a person decides' },
]
// prettier-ignore
export const INTEGRATIONS: readonly PageEntry[] = [
  { to: '/settings/integrations/cerner', label: 'Cerner', icon: IconCloudDataConnection, needs: 'connections.read', key: 'c', hint: 'FHIR, services, pulling, and who is right' },
  { to: '/settings/integrations/hl7',  label: 'HL7',  icon: IconPlugConnected, needs: 'connections.read', key: 'h', hint: 'Listener, settings and connectivity test' },
  { to: '/settings/integrations/logs', label: 'Logs', icon: IconTimeline,      needs: 'exchanges.read',   key: 'l', hint: 'Every message, in and out' },
  { to: '/settings/integrations/connectivity', label: 'Connectivity Test', icon: IconHeartRateMonitor, needs: 'connections.read', key: 'n', hint: 'Every connection, rung by rung' },
]

function Entry({
  page: { to, label, icon: Sign },
  badge,
  badgeOf = 'messages wait for a person',
}: {
  page: PageEntry
  badge?: number
  badgeOf?: string
}) {
  return (
    <li>
      <Link to={to} className={css.link} activeOptions={{ exact: false, includeSearch: false }}>
        <Sign size={17} stroke={1.6} aria-hidden="true" />
        {label}
        {badge !== undefined && badge > 0 && (
          <span className={css.badge} title={`${count(badge)} ${badgeOf}`}>
            {count(badge)}
          </span>
        )}
      </Link>
    </li>
  )
}

export function Nav() {
  const session = useSession()
  const { connected } = useLive()
  const metrics = useQuery({ ...summary(60), enabled: useMay('metrics.read') })
  const waiting = useQuery({ ...openConflicts, enabled: useMay('conflicts.read') })
  const seen = (pages: readonly PageEntry[]) =>
    pages.filter(({ needs }) => session.permissions.includes(needs))
  return (
    <nav className={css.nav} aria-label="Main">
      <ul>
        {seen(PAGES).map((page) => (
          <Entry key={page.label} page={page} />
        ))}
      </ul>
      {seen(REVIEW).length > 0 && (
        <div>
          <p className={css.group} id="nav-review">
            Review
          </p>
          <ul aria-labelledby="nav-review">
            {seen(REVIEW).map((page) => (
              <Entry
                key={page.label}
                page={page}
                badge={waiting.data?.length}
                badgeOf="conflicts wait for a person"
              />
            ))}
          </ul>
        </div>
      )}
      {seen(INTEGRATIONS).length > 0 && (
        <div>
          <p className={css.group} id="nav-integrations">
            Settings › Integrations
          </p>
          <ul aria-labelledby="nav-integrations">
            {seen(INTEGRATIONS).map((page) => (
              <Entry
                key={page.label}
                page={page}
                badge={page.label === 'Logs' ? metrics.data?.open_errors : undefined}
              />
            ))}
          </ul>
        </div>
      )}
      <div className={css.foot}>
        {session.practice.name}
        <small>
          <span className={css.dot} data-on={connected} aria-hidden="true" />
          {connected ? 'Live' : 'Not live, polling'} · v{session.version}
        </small>
      </div>
    </nav>
  )
}
