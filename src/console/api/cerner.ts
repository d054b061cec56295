import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { CernerStatus, ConnectionCreate, Discovered, PublicKey } from '../../contract/cerner.ts'
import type { Page } from '../../contract/common.ts'
import type { Connection } from '../../contract/connections.ts'
import type { DriftDetail, DriftReport, SyncRequest, SyncRun } from '../../contract/sync.ts'
import { api } from './http.ts'
import { updateConnection } from './queries.ts'

/** Calls about Cerner connections: how they stand, their keys, their pulls, and where the two sides differ. */
export const cernerStatus = (id: string) =>
  queryOptions({
    queryKey: ['cerner', id],
    queryFn: ({ signal }) => api<CernerStatus>(`/api/connections/${id}/cerner`, { signal }),
    refetchInterval: 10_000,
  })
/** A new connection, switched off: its address is saved long before its rules are right. */
export async function addConnection(wanted: ConnectionCreate): Promise<Connection> {
  const made = await api<Connection>('/api/connections', { method: 'POST', body: wanted })
  return made.enabled ? updateConnection(made.id, { version: made.version, enabled: false }) : made
}
export const discover = (base: string): Promise<Discovered> =>
  api<Discovered>('/api/cerner/discover', { method: 'POST', body: { base } })
export const makeKeys = (id: string, algorithm: string): Promise<PublicKey> =>
  api<PublicKey>(`/api/connections/${id}/keys`, { method: 'POST', body: { algorithm } })

export const startSync = (id: string, wanted: SyncRequest): Promise<{ run_id: string }> =>
  api<{ run_id: string }>(`/api/connections/${id}/sync`, { method: 'POST', body: wanted })
export const stopSync = (runId: string): Promise<unknown> =>
  api(`/api/sync-runs/${runId}/stop`, { method: 'POST' })

const pageOf = <T>(path: string, query: Record<string, string>) =>
  infiniteQueryOptions({
    queryKey: [path.slice('/api/'.length), 'list', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api<Page<T>>(path, { query: { ...query, limit: 25, cursor: pageParam }, signal }),
    getNextPageParam: (page) => page.next ?? undefined,
  })
export const syncRuns = (connectionId: string) =>
  pageOf<SyncRun>('/api/sync-runs', { connection_id: connectionId })
/** The runs under way, asked often so that their bars move. */
export const runningSyncs = (connectionId: string) =>
  queryOptions({
    queryKey: ['sync-runs', 'running', connectionId],
    queryFn: ({ signal }) =>
      api<Page<SyncRun>>('/api/sync-runs', {
        query: { connection_id: connectionId, state: 'running', limit: 10 },
        signal,
      }).then((page) => page.items),
    refetchInterval: (query) => ((query.state.data?.length ?? 0) > 0 ? 1_000 : 5_000),
  })
export const driftReports = (connectionId: string) =>
  pageOf<DriftReport>('/api/drift', { connection_id: connectionId })
export const driftReport = (id: string) =>
  queryOptions({
    queryKey: ['drift', 'one', id],
    queryFn: ({ signal }) => api<DriftDetail>(`/api/drift/${id}`, { signal }),
    staleTime: Infinity,
  })
