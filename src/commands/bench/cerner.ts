import { fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CernerSettingsInput, Pulled } from '../../connectors/cerner/definition.ts'
import type { Connection } from '../../contract/connections.ts'
import type { SyncRun } from '../../contract/sync.ts'
import { CMRN_SYSTEM, MRN_SYSTEM } from '../../sandbox/cerner/codes.ts'
import type { FarSideCount, FarSideOptions, FarSideReady } from './far-side.ts'

const PROGRAM = resolve(import.meta.dirname, 'far-side.ts')

/** A sandbox Cerner in a process of its own. */
export interface FarSide extends AsyncDisposable, FarSideReady {
  /** What it answered since this was last asked. */
  count(): Promise<FarSideCount>
}

export async function openFarSide(options: FarSideOptions): Promise<FarSide> {
  const child = fork(PROGRAM, [JSON.stringify(options)])
  const heard = async <T>(): Promise<T> => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the sandbox ended'))),
    ])) as [T]
    return message
  }
  const ready = await heard<FarSideReady>()
  return {
    ...ready,
    count: () => {
      child.send('count')
      return heard<FarSideCount>()
    },
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

/** The HTTP API of an engine, as a script uses it. */
export class StudioApi {
  readonly #base: string
  readonly #token: string

  constructor(base: string, token: string) {
    this.#base = base
    this.#token = token
  }

  /** @throws Error with the problem that the API told */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  /** Makes a Cerner connection with these settings. @returns its id */
  async connect(name: string, settings: CernerSettingsInput): Promise<string> {
    const made = await this.call<Connection>('POST', '/api/connections', { channel: 'cerner', name })
    const change = { version: made.version, enabled: true, settings: { ...made.settings, ...settings } }
    await this.call('PATCH', `/api/connections/${made.id}`, change)
    return made.id
  }

  async startPull(connectionId: string, kind: SyncRun['kind'], resources: string[] = []): Promise<string> {
    const path = `/api/connections/${connectionId}/sync`
    return (await this.call<{ run_id: string }>('POST', path, { kind, resources })).run_id
  }

  run(id: string): Promise<SyncRun> {
    return this.call<SyncRun>('GET', `/api/sync-runs/${id}`)
  }

  /** Waits for the end of a pull. */
  async ended(id: string): Promise<SyncRun> {
    for (;;) {
      const run = await this.run(id)
      if (run.state !== 'running') return run
      await sleep(50)
    }
  }
}

/** Settings of a connection to a sandbox that pulls these resources, when it is told to. */
export function settingsFor(
  far: FarSideReady,
  resources: readonly Pulled[],
  { pull, limits }: Pick<CernerSettingsInput, 'pull' | 'limits'>,
): CernerSettingsInput {
  // An export needs the right to read its Group beside that to each type.
  const scopes = ['Group', ...resources].map((type) => `system/${type}.read`)
  return {
    fhir: { base: far.fhir },
    auth: { clientId: far.clientId, clientSecret: far.clientSecret, scopes },
    authorityAliases: { [MRN_SYSTEM]: 'CERNER', [CMRN_SYSTEM]: 'CERNER' },
    pull: { enabled: false, compareNightlyAt: '', resources: [...resources], ...pull },
    limits: { ...limits },
  }
}
