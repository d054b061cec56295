import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  redirect,
} from '@tanstack/react-router'
import { NoSuchPage, PageFault } from './parts/states.tsx'
import { Frame } from './shell/frame.tsx'

/**
 * Addresses of the console. Only what is not protected health information stands in them: record ids, states, kinds,
 * times, days, views. Names, dates of birth, phones and MRNs never do.
 */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

const LOG_KEYS = [
  'state',
  'kind',
  'connection_id',
  'direction',
  'error_code',
  'control_id',
  'from',
  'to',
  'range',
  'patient_id',
  'record_id',
  'at',
] as const
export type LogSearch = Partial<Record<(typeof LOG_KEYS)[number], string>>

export interface ScheduleSearch {
  day?: string
  view?: 'day' | 'week'
  provider?: string
  cancelled?: 'hide'
  at?: string
  /** What is being done: booking, moving or cancelling. The patient stands as a record id. */
  act?: ScheduleAct
  for?: string
}
export const SCHEDULE_ACTS = ['book', 'move', 'cancel'] as const
export type ScheduleAct = (typeof SCHEDULE_ACTS)[number]

const root = createRootRoute({ component: Frame, notFoundComponent: NoSuchPage, errorComponent: PageFault })
const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/today', replace: true })
  },
})
// Shown only when a session is open: signing in happens in place, before any route is drawn.
const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: () => <Navigate to="/today" replace />,
})
const today = createRoute({
  getParentRoute: () => root,
  path: '/today',
  validateSearch: (search): { minutes?: number } => {
    const minutes = Number(search['minutes'])
    return [15, 60, 240, 1440].includes(minutes) ? { minutes } : {}
  },
  component: lazyRouteComponent(() => import('./pages/today/today-page.tsx'), 'TodayPage'),
})
const patients = createRoute({
  getParentRoute: () => root,
  path: '/patients',
  validateSearch: (search): { at?: string } => ({ at: text(search['at']) }),
  component: lazyRouteComponent(() => import('./pages/patients/patients-page.tsx'), 'PatientsPage'),
})
export const PATIENT_TABS = [
  'demographics',
  'chart',
  'visits',
  'appointments',
  'results',
  'documents',
  'coverage',
  'history',
] as const
export type PatientTab = (typeof PATIENT_TABS)[number]
const patient = createRoute({
  getParentRoute: () => root,
  path: '/patients/$id',
  validateSearch: (search): { tab?: PatientTab } => ({
    tab: PATIENT_TABS.find((tab) => tab === search['tab']),
  }),
  component: lazyRouteComponent(() => import('./pages/patients/patient-page.tsx'), 'PatientPage'),
})
const schedule = createRoute({
  getParentRoute: () => root,
  path: '/schedule',
  validateSearch: (search): ScheduleSearch => ({
    day: /^\d{4}-\d{2}-\d{2}$/.test(text(search['day']) ?? '') ? text(search['day']) : undefined,
    view: search['view'] === 'week' ? 'week' : search['view'] === 'day' ? 'day' : undefined,
    provider: text(search['provider']),
    cancelled: search['cancelled'] === 'hide' ? 'hide' : undefined,
    at: text(search['at']),
    act: SCHEDULE_ACTS.find((act) => act === search['act']),
    for: text(search['for']),
  }),
  component: lazyRouteComponent(() => import('./pages/schedule/schedule-page.tsx'), 'SchedulePage'),
})
const conflicts = createRoute({
  getParentRoute: () => root,
  path: '/review/conflicts',
  validateSearch: (search): { state?: 'resolved'; at?: string } => ({
    state: search['state'] === 'resolved' ? 'resolved' : undefined,
    at: text(search['at']),
  }),
  component: lazyRouteComponent(() => import('./pages/review/conflicts-page.tsx'), 'ConflictsPage'),
})
// Stands inside the frame of the EHR, without the shell.
const launch = createRoute({
  getParentRoute: () => root,
  path: '/launch',
  component: lazyRouteComponent(() => import('./pages/launch/launch-page.tsx'), 'LaunchPage'),
})
const hl7 = createRoute({
  getParentRoute: () => root,
  path: '/settings/integrations/hl7',
  validateSearch: (search): { connection?: string } => ({ connection: text(search['connection']) }),
  component: lazyRouteComponent(() => import('./pages/settings/hl7-page.tsx'), 'Hl7Page'),
})
const logs = createRoute({
  getParentRoute: () => root,
  path: '/settings/integrations/logs',
  validateSearch: (search): LogSearch =>
    Object.fromEntries(
      LOG_KEYS.flatMap((key) => (text(search[key]) === undefined ? [] : [[key, text(search[key])]])),
    ),
  component: lazyRouteComponent(() => import('./pages/logs/logs-page.tsx'), 'LogsPage'),
})
export const CERNER_TABS = ['connection', 'services', 'pulling', 'rules', 'advanced', 'pulls'] as const
export type CernerTab = (typeof CERNER_TABS)[number]
export interface CernerSearch {
  connection?: string
  tab?: CernerTab
  /** Pulls: the run that is looked at, or the report of a full compare and what of it is shown. */
  run?: string
  drift?: string
  resource?: string
  kind?: 'only_here' | 'only_there' | 'differs'
}
const DRIFT_KINDS = ['only_here', 'only_there', 'differs'] as const
const cerner = createRoute({
  getParentRoute: () => root,
  path: '/settings/integrations/cerner',
  validateSearch: (search): CernerSearch => ({
    connection: text(search['connection']),
    tab: CERNER_TABS.find((tab) => tab === search['tab']),
    run: text(search['run']),
    drift: text(search['drift']),
    resource: text(search['resource']),
    kind: DRIFT_KINDS.find((kind) => kind === search['kind']),
  }),
  component: lazyRouteComponent(() => import('./pages/settings/cerner-page.tsx'), 'CernerPage'),
})
// The same page on its last tab, under an address of its own; it is drawn by the parent, which keeps what is typed.
const cernerPulls = createRoute({ getParentRoute: () => cerner, path: 'pulls' })
const connectivity = createRoute({
  getParentRoute: () => root,
  path: '/settings/integrations/connectivity',
  validateSearch: (search): { connection?: string } => ({ connection: text(search['connection']) }),
  component: lazyRouteComponent(
    () => import('./pages/connectivity/connectivity-page.tsx'),
    'ConnectivityPage',
  ),
})
const exchange = createRoute({
  getParentRoute: () => root,
  path: '/exchanges/$id',
  component: lazyRouteComponent(() => import('./pages/exchange/exchange-page.tsx'), 'ExchangePage'),
})

const tree = root.addChildren([
  home,
  login,
  today,
  patients,
  patient,
  schedule,
  conflicts,
  launch,
  hl7,
  logs,
  exchange,
  cerner.addChildren([cernerPulls]),
  connectivity,
])

// Plain `?key=value` pairs, so that addresses can be read and written by hand.
const parseSearch = (search: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(search))
const stringifySearch = (search: Record<string, unknown>): string => {
  const pairs = Object.entries(search).flatMap(([key, value]) => {
    const written = text(value)
    return written === undefined ? [] : [[key, written]]
  })
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}

export const openRouter = () =>
  createRouter({
    routeTree: tree,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof openRouter>
  }
}
