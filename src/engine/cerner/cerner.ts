import type { FhirClient } from '../../connectors/fhir/fhir-client.ts'
import type { ProbeResult } from '../../contract/connections.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Database } from '../../store/database.ts'
import { openWriter } from '../../store/writer.ts'
import type { Vault } from '../../vault/vault.ts'
import type { RunningCerner } from '../connection.ts'
import type { Connections } from '../connections.ts'
import type { Counters } from '../counters.ts'
import type { LiveBus } from '../live.ts'
import type { EngineServices } from '../services.ts'
import { CallRecorder } from './call-log.ts'
import type { Coded } from '../../model/values.ts'
import { bookableTypes } from './bookable.ts'
import { ResourceInbox } from './resource-inbox.ts'
import { examine } from './doctor.ts'
import { launchService } from './launch.ts'
import { CernerRuntime } from './runtime.ts'
import type { CernerLink } from './runtime.ts'
import { cernerService } from './service.ts'
import { Comparison } from './sync/compare.ts'
import { SyncHost } from './sync/host.ts'

export interface CernerOptions {
  database: Database
  vault: Vault
  clock: Clock
  counters: Counters
  connections: Connections
  live: LiveBus
  practiceZone: string
  /** True in a process that pulls and sends; every process may ask for slots. */
  works: boolean
  onAccepted: (jobs: number) => void
  congested: () => boolean
  onProblem: (error: unknown) => void
}

/** Everything of the engine that speaks to Cerner over the web. */
export interface Cerner extends AsyncDisposable {
  inbox: ResourceInbox
  calls: CallRecorder
  services: Pick<EngineServices, 'cerner' | 'launch' | 'sync'>
  link(id: ConnectionId): Promise<CernerLink>
  /** What can be booked at Cerner: as set, else as pulled appointments have it. */
  bookable(id: ConnectionId): Promise<Coded[]>
  /** The connectivity test. */
  probe(connection: RunningCerner): Promise<ProbeResult>
  /** A connection was added or changed: look at once what is due. */
  wake(): void
  start(): void
}

export function openCerner(options: CernerOptions): Cerner {
  const { database, vault, clock, counters, connections, live, onProblem } = options
  const callWriter = openWriter(database)
  // Resources are read again when a crash loses them, and marked as read only after them.
  const pageWriter = openWriter(database, { repeatable: true })
  const calls = new CallRecorder({ writer: callWriter, vault, clock, counters, onProblem })
  const inbox = new ResourceInbox({ vault, counters, onAccepted: options.onAccepted })
  const runtime = new CernerRuntime({ database, vault, clock, calls, onProblem })
  const link = (id: ConnectionId): Promise<CernerLink> => runtime.link(connections.cerner(id))
  const host = new SyncHost({
    database,
    vault,
    clock,
    inbox,
    writer: pageWriter,
    connections: () => connections.cerners(),
    linkOf: async (connection) => {
      const { pages, fhir } = await runtime.link(connection)
      return { pages, fhir } satisfies { fhir: FhirClient; pages: CernerLink['pages'] }
    },
    practiceZone: options.practiceZone,
    openCompare: (context) => {
      const reader = connections.reader(context.connectionId)
      return reader.channel === 'cerner' ? new Comparison(context, reader) : null
    },
    onProgress: (connectionId, runId) =>
      void live.publish([{ type: 'sync', connection_id: connectionId, run_id: runId }]).catch(onProblem),
    congested: options.congested,
    onProblem,
  })
  return {
    inbox,
    calls,
    link,
    bookable: (id) => bookableTypes(database, connections.cerner(id)),
    probe: (connection) => {
      const log = calls.logOf({ connectionId: connection.id, causedBy: null })
      return examine({ database, clock, log }, connection)
    },
    wake: () => {
      if (options.works) host.wake()
    },
    start: () => {
      if (options.works) host.start()
    },
    services: {
      cerner: cernerService({ database, clock, connections }),
      launch: launchService({
        database,
        vault,
        clock,
        connections,
        inbox,
        linkOf: (connection) => runtime.link(connection),
      }),
      sync: {
        start: (id, request, actor) => {
          connections.cerner(id)
          return host.ask({ id, kind: request.kind, resources: request.resources }, actor)
        },
        stop: (runId, actor) => host.stop(runId, actor),
      },
    },
    async [Symbol.asyncDispose]() {
      await host.close()
      await runtime[Symbol.asyncDispose]()
      await calls.flushed()
      await pageWriter.close()
      await callWriter.close()
    },
  }
}
