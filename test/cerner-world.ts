import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionId } from '../src/kernel/ids.ts'
import { fixedClock } from '../src/kernel/clock.ts'
import type { Clock } from '../src/kernel/clock.ts'
import { openCerner } from '../src/sandbox/cerner/cerner.ts'
import type { OpenHospital } from '../src/sandbox/cerner/hospital.ts'
import type { CernerServer } from '../src/sandbox/cerner/server.ts'
import { readSyncRun } from '../src/store/read-sync.ts'
import type { SyncRun } from '../src/contract/sync.ts'
import { openWorld } from './world.ts'
import type { World } from './world.ts'

export const ACTOR = { name: 'test', role: 'administrator' }
/** The system account that every sandbox knows. */
export const SYSTEM_CLIENT = { id: 'practice-studio-system', secret: 'practice-studio-system-secret' }

/** An engine and a Cerner of its own, joined over real sockets. */
export interface CernerWorld extends AsyncDisposable {
  studio: World
  hospital: OpenHospital
  cerner: CernerServer
  connectionId: ConnectionId
  /** Starts a pull and waits for its end. */
  pull(kind: SyncRun['kind'], resources?: string[]): Promise<SyncRun>
  run(id: string): Promise<SyncRun | undefined>
  change(settings: Record<string, unknown>): Promise<void>
}

export async function openCernerWorld(
  settings: Record<string, unknown> = {},
  options: { population?: number; clock?: Clock } = {},
): Promise<CernerWorld> {
  const cast = { seed: 1, population: options.population ?? 200 }
  // The hospital's day stands still, so that nothing changes there but what a test changes.
  const { hospital, server: cerner } = await openCerner({
    cast,
    clock: options.clock ?? fixedClock(Date.now()),
  })
  const studio = await openWorld()
  const { connections } = studio.engine.services
  const made = await connections.create({ channel: 'cerner', name: 'Cerner' }, ACTOR)
  const connectionId = made.id as ConnectionId
  const change = async (changes: Record<string, unknown>): Promise<void> => {
    const now = await connections.get(connectionId)
    await connections.update(
      connectionId,
      { version: now.version, settings: { ...now.settings, ...changes } },
      ACTOR,
    )
  }
  await change({
    fhir: { base: cerner.endpoints.fhir },
    auth: { clientId: SYSTEM_CLIENT.id, clientSecret: SYSTEM_CLIENT.secret },
    authorityAliases: { 'urn:oid:2.16.840.1.113883.3.42.10001.100001.12': 'CERNER' },
    ...settings,
  })
  return {
    studio,
    hospital,
    cerner,
    connectionId,
    change,
    run: (id) => readSyncRun({ database: studio.store.database, vault: studio.vault }, id),
    pull: async (kind, resources = []) => {
      const id = await studio.engine.services.sync.start(connectionId, { kind, resources }, ACTOR)
      for (let n = 0; n < 1200; n++) {
        const run = await readSyncRun({ database: studio.store.database, vault: studio.vault }, id)
        if (run && run.state !== 'running') return run
        await sleep(50)
      }
      throw new Error('the pull did not end within a minute')
    },
    [Symbol.asyncDispose]: async () => {
      await studio[Symbol.asyncDispose]()
      await cerner.close()
    },
  }
}
