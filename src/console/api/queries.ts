import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Appointment } from '../../contract/appointments.ts'
import type { Page } from '../../contract/common.ts'
import type { Connection, ConnectionUpdate, ProbeResult } from '../../contract/connections.ts'
import type {
  DecodedExchange,
  Exchange,
  ExchangeDetail,
  ReplayResult,
  Timeline,
} from '../../contract/exchanges.ts'
import type { MetricsSummary } from '../../contract/metrics.ts'
import type { Observation, Report } from '../../contract/observations.ts'
import type { Encounter, HistoryEntry, Patient, PatientSummary } from '../../contract/patients.ts'
import type { SearchResult, SessionInfo } from '../../contract/session.ts'
import { api } from './http.ts'

/** Every call of the console, one per resource. Nothing here puts protected health information into a URL. */
export const session = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => api<SessionInfo>('/api/session', { signal }),
  staleTime: Infinity,
  retry: false,
})
export const signIn = (token: string): Promise<SessionInfo> =>
  api<SessionInfo>('/api/session', { method: 'POST', body: { token } })
export const signOut = (): Promise<unknown> => api('/api/session', { method: 'DELETE' })

export const search = (query: string, signal?: AbortSignal): Promise<SearchResult> =>
  api<SearchResult>('/api/search', { method: 'POST', body: { query }, signal })

export const summary = (minutes: number) =>
  queryOptions({
    queryKey: ['metrics', minutes],
    queryFn: ({ signal }) => api<MetricsSummary>('/api/metrics/summary', { query: { minutes }, signal }),
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
  })

/** What the search form of Patients holds; it travels in the body of a POST. */
export interface PatientSearch {
  name?: string
  date_of_birth?: string
  mrn?: string
  phone?: string
}
export const patients = (terms: PatientSearch) =>
  infiniteQueryOptions({
    queryKey: ['patients', terms],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      Object.keys(terms).length === 0
        ? api<Page<PatientSummary>>('/api/patients', { query: { limit: 60, cursor: pageParam }, signal })
        : api<Page<PatientSummary>>('/api/patients/search', {
            method: 'POST',
            body: { ...terms, limit: 60, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
            signal,
          }),
    getNextPageParam: (page) => page.next ?? undefined,
  })
export const patient = (id: string) =>
  queryOptions({
    queryKey: ['patient', id],
    queryFn: ({ signal }) => api<Patient>(`/api/patients/${id}`, { signal }),
  })
export const patientHistory = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['patient', id, 'history'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api<Page<HistoryEntry>>(`/api/patients/${id}/history`, {
        query: { limit: 50, cursor: pageParam },
        signal,
      }),
    getNextPageParam: (page) => page.next ?? undefined,
  })

const allOf = async <T>(path: string, query: Record<string, string>, signal: AbortSignal): Promise<T[]> => {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page: Page<T> = await api<Page<T>>(path, { query: { ...query, limit: 500, cursor }, signal })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined && items.length < 5_000)
  return items
}
export const encountersOf = (patientId: string) =>
  queryOptions({
    queryKey: ['patient', patientId, 'encounters'],
    queryFn: ({ signal }) => allOf<Encounter>('/api/encounters', { patient_id: patientId }, signal),
  })
export const appointmentsOf = (patientId: string) =>
  queryOptions({
    queryKey: ['patient', patientId, 'appointments'],
    queryFn: ({ signal }) => allOf<Appointment>('/api/appointments', { patient_id: patientId }, signal),
  })
export const reportsOf = (patientId: string) =>
  queryOptions({
    queryKey: ['patient', patientId, 'reports'],
    queryFn: ({ signal }) => allOf<Report>('/api/reports', { patient_id: patientId }, signal),
  })
export const observationsOf = (patientId: string, code: string) =>
  queryOptions({
    queryKey: ['patient', patientId, 'observations', code],
    queryFn: ({ signal }) => allOf<Observation>('/api/observations', { patient_id: patientId, code }, signal),
  })

export const schedule = (from: string, to: string) =>
  queryOptions({
    queryKey: ['appointments', from, to],
    queryFn: ({ signal }) => allOf<Appointment>('/api/appointments', { from, to }, signal),
    placeholderData: keepPreviousData,
  })

export const connections = queryOptions({
  queryKey: ['connections'],
  queryFn: ({ signal }) =>
    api<{ items: Connection[] }>('/api/connections', { signal }).then((page) => page.items),
  refetchInterval: 10_000,
})
export const connectionSchema = (id: string) =>
  queryOptions({
    queryKey: ['connections', id, 'schema'],
    queryFn: ({ signal }) => api<unknown>(`/api/connections/${id}/schema`, { signal }),
    staleTime: Infinity,
  })
export const updateConnection = (id: string, change: ConnectionUpdate): Promise<Connection> =>
  api<Connection>(`/api/connections/${id}`, { method: 'PATCH', body: change })
export const probeConnection = (id: string): Promise<ProbeResult> =>
  api<ProbeResult>(`/api/connections/${id}/probe`, { method: 'POST' })

/** Log filters as the API names them. `mrn` is PHI and makes the call a POST. */
export type LogFilters = Partial<
  Record<
    | 'state'
    | 'kind'
    | 'connection_id'
    | 'direction'
    | 'error_code'
    | 'control_id'
    | 'from'
    | 'to'
    | 'patient_id'
    | 'record_id'
    | 'mrn',
    string
  >
>
export const exchangeList = (filters: LogFilters, cursor?: string, limit = 60, signal?: AbortSignal) =>
  filters.mrn === undefined
    ? api<Page<Exchange>>('/api/exchanges', { query: { ...filters, limit, cursor }, signal })
    : api<Page<Exchange>>('/api/exchanges/search', {
        method: 'POST',
        body: { ...filters, limit, ...(cursor === undefined ? {} : { cursor }) },
        signal,
      })
export const exchanges = (filters: LogFilters) =>
  infiniteQueryOptions({
    queryKey: ['exchanges', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => exchangeList(filters, pageParam, 60, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  })
export const recentExchanges = (limit: number, state?: string) =>
  queryOptions({
    queryKey: ['exchanges', 'recent', limit, state],
    queryFn: ({ signal }) =>
      exchangeList(state === undefined ? {} : { state }, undefined, limit, signal).then((page) => page.items),
    refetchInterval: 5_000,
  })
export const exchange = (id: string) =>
  queryOptions({
    queryKey: ['exchange', id],
    queryFn: ({ signal }) => api<ExchangeDetail>(`/api/exchanges/${id}`, { signal }),
  })
export const decoded = (id: string) =>
  queryOptions({
    queryKey: ['exchange', id, 'decoded'],
    queryFn: ({ signal }) => api<DecodedExchange>(`/api/exchanges/${id}/decoded`, { signal }),
    staleTime: 60_000,
  })
export const timelineOf = (id: string) =>
  queryOptions({
    queryKey: ['exchange', id, 'timeline'],
    queryFn: ({ signal }) => api<Timeline>(`/api/exchanges/${id}/timeline`, { signal }),
  })
export const replay = (id: string, preview: boolean, edits: { place: string; value: string }[]) =>
  api<ReplayResult>(`/api/exchanges/${id}/replay`, { method: 'POST', body: { preview, edits } })
export const appointment = (id: string) =>
  queryOptions({
    queryKey: ['appointments', 'one', id],
    queryFn: ({ signal }) => api<Appointment>(`/api/appointments/${id}`, { signal }),
  })
