import { pino } from 'pino'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../src/kernel/clock.ts'
import { buildApp } from '../src/server/app.ts'
import { TEST_PRACTICE_ID } from '../src/store/test-database.setup.ts'
import { openCernerWorld } from './cerner-world.ts'
import type { CernerWorld } from './cerner-world.ts'

export const LAUNCHED = { id: 'practice-studio-launch', secret: 'practice-studio-launch-secret' }
/** Of the sandbox: a clinician in PowerChart. */
export const CLINICIAN = 'APATEL'

/** A hospital, an engine and the HTTP room on a real port, registered with each other for launches. */
export interface LaunchWorld extends AsyncDisposable {
  world: CernerWorld
  app: FastifyInstance
  /** Where Practice Studio is. */
  studio: string
  /** Where the sandbox Cerner is. */
  cerner: string
  /** A person of the hospital. */
  patient(n: number): string
  /** PowerChart opens the app: the address it sends the browser to. */
  chart(patient: string, changes?: { encounter?: string }): Promise<string>
  register(changes: Record<string, unknown>): void
}

export async function openLaunchWorld(
  options: { consoleFolder?: string; tokenSeconds?: number; launch?: Record<string, unknown> } = {},
): Promise<LaunchWorld> {
  const world = await openCernerWorld({ pull: { enabled: false } }, { population: 40 })
  const { studio, cerner, hospital } = world
  if (options.tokenSeconds !== undefined) Object.assign(cerner.oauth, { tokenSeconds: options.tokenSeconds })
  const config = {
    practice: { id: TEST_PRACTICE_ID, name: 'Test Practice', time_zone: 'America/Chicago' },
    demo: false,
    version: '0.0.0',
    publicUrl: 'http://127.0.0.1',
  }
  const app = await buildApp({
    database: studio.store.database,
    vault: studio.vault,
    engine: studio.engine.services,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    config,
    checkResponses: true,
    consoleFolder: options.consoleFolder ?? '/nowhere',
  })
  // The redirect address hangs on the port, which is known from here on.
  config.publicUrl = await app.listen({ host: '127.0.0.1', port: 0 })
  const register = (changes: Record<string, unknown>): void => {
    const before = cerner.oauth.clients.get(LAUNCHED.id)
    if (before) cerner.oauth.clients.put({ ...before, ...changes })
  }
  register({
    launchUrl: `${config.publicUrl}/smart/launch`,
    redirectUris: [`${config.publicUrl}/smart/callback`],
  })
  await world.change({
    launch: { clientId: LAUNCHED.id, clientSecret: LAUNCHED.secret, ...options.launch },
  })
  return {
    world,
    app,
    studio: config.publicUrl,
    cerner: cerner.url,
    patient: (n) => hospital.patientId(n),
    register,
    chart: async (patient, changes = {}) => {
      const answer = await fetch(`${cerner.url}/_sandbox/launch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user: CLINICIAN, patient, client: LAUNCHED.id, ...changes }),
      })
      return ((await answer.json()) as { url: string }).url
    },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await world[Symbol.asyncDispose]()
    },
  }
}
