import { queryOptions } from '@tanstack/react-query'
import type { Page } from '../../contract/common.ts'
import type { Conflict, ResolveRequest } from '../../contract/conflicts.ts'
import type { ClinicalDocument } from '../../contract/documents.ts'
import type { LaunchContext } from '../../contract/launch.ts'
import type {
  PatientCandidate,
  PatientChangeRequest,
  PatientRegistered,
  PatientRegisterRequest,
  QueuedChange,
  VitalSignsRequest,
} from '../../contract/outbound.ts'
import type {
  AppointmentChange,
  BookRequest,
  CancelRequest,
  MoveRequest,
  SchedulingOptions,
  Slot,
  StatusRequest,
} from '../../contract/scheduling.ts'
import { api, apiBlob } from './http.ts'

/** Calls that change something at Cerner, and what they need to know before. No patient stands in a query string. */
export const schedulingOptions = queryOptions({
  queryKey: ['scheduling', 'options'],
  queryFn: ({ signal }) => api<SchedulingOptions>('/api/scheduling/options', { signal }),
  staleTime: 60_000,
})

/** A search of free times; `from` and `to` are instants. */
export interface SlotSearch {
  service_type: string
  from: string
  to: string
  location_id?: string
  practitioner_id?: string
}
export const slots = (search: SlotSearch) =>
  queryOptions({
    queryKey: ['slots', search],
    queryFn: ({ signal }) =>
      api<{ items: Slot[] }>('/api/slots', { query: { ...search }, signal }).then((page) => page.items),
    // A free time is only as good as it is fresh.
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })

type Sent = Promise<AppointmentChange>
const post = <T>(path: string, body?: unknown): Promise<T> => api<T>(path, { method: 'POST', body })
export const book = (request: BookRequest): Sent => post('/api/appointments', request)
export const move = (id: string, request: MoveRequest): Sent => post(`/api/appointments/${id}/move`, request)
export const cancel = (id: string, request: CancelRequest): Sent =>
  post(`/api/appointments/${id}/cancel`, request)
export const setStatus = (id: string, request: StatusRequest): Sent =>
  post(`/api/appointments/${id}/status`, request)

export const withdraw = (exchangeId: string): Promise<unknown> =>
  post(`/api/outbound/${exchangeId}/withdraw`, {})
export const retry = (exchangeId: string): Promise<unknown> => post(`/api/outbound/${exchangeId}/retry`, {})

export const changePatient = (id: string, request: PatientChangeRequest): Promise<QueuedChange> =>
  api<QueuedChange>(`/api/patients/${id}`, { method: 'PATCH', body: request })
export const registerPatient = (request: PatientRegisterRequest): Promise<PatientRegistered> =>
  post('/api/patients', request)
/** People at Cerner and here of the same last name and date of birth. */
export const patientCandidates = ({
  first_name,
  last_name,
  date_of_birth,
}: PatientRegisterRequest): Promise<PatientCandidate[]> =>
  post<{ items: PatientCandidate[] }>('/api/patients/candidates', {
    first_name,
    last_name,
    date_of_birth,
  }).then((page) => page.items)
export const recordVitalSigns = (patientId: string, request: VitalSignsRequest): Promise<QueuedChange> =>
  post(`/api/patients/${patientId}/vital-signs`, request)

export const documentsOf = (patientId: string) =>
  queryOptions({
    queryKey: ['documents', patientId],
    queryFn: ({ signal }) =>
      api<Page<ClinicalDocument>>('/api/documents', {
        query: { patient_id: patientId, limit: 200 },
        signal,
      }).then((page) => page.items),
  })
export const documentContent = (id: string) =>
  queryOptions({
    queryKey: ['document-content', id],
    queryFn: ({ signal }) => apiBlob(`/api/documents/${id}/content`, signal),
    // What was read leaves the memory of the window with its page.
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })

const conflictsIn = (state: 'open' | 'resolved') =>
  queryOptions({
    queryKey: ['conflicts', state],
    queryFn: ({ signal }) =>
      api<Page<Conflict>>('/api/conflicts', { query: { state, limit: 100 }, signal }).then(
        (page) => page.items,
      ),
    refetchInterval: 30_000,
  })
export const openConflicts = conflictsIn('open')
export const resolvedConflicts = conflictsIn('resolved')
export const resolveConflict = (id: string, request: ResolveRequest): Promise<unknown> =>
  post(`/api/conflicts/${id}/resolve`, request)

export const launchContext = queryOptions({
  queryKey: ['launch'],
  queryFn: ({ signal }) => api<LaunchContext>('/api/launch', { signal }),
  refetchInterval: 30_000,
  retry: false,
})
