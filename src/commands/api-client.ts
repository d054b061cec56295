import type { Config } from '../config.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { createToken } from '../store/tokens.ts'
import { openLog } from './start.ts'
import { openStore } from './open-store.ts'

/** The HTTP API of the running engine, as the terminal uses it. */
export interface ApiClient {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  text(path: string): Promise<string>
}

/**
 * Signs in with PRACTICE_STUDIO_TOKEN, or, where the database of this configuration can be opened, with a token made
 * for an hour.
 */
export async function openApi(config: Config): Promise<ApiClient> {
  const base = `http://${config.host}:${config.port}`
  const token = process.env['PRACTICE_STUDIO_TOKEN'] ?? (await makeToken(config))
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    let response: Response
    try {
      response = await fetch(`${base}${path}`, { ...init, headers })
    } catch (cause) {
      throw new IntegrationError('ENGINE_UNREACHABLE', { address: base }, { cause })
    }
    if (response.ok) return response
    const problem = (await response.json().catch(() => null)) as {
      code?: string
      detail?: string
      todo?: string
    } | null
    throw new Error(
      `${problem?.detail ?? response.statusText} ${problem?.todo ?? ''} (${problem?.code ?? response.status})`,
    )
  }
  return {
    get: async <T>(path: string) => (await (await call(path)).json()) as T,
    post: async <T>(path: string, body: unknown) =>
      (await (await call(path, { method: 'POST', body: JSON.stringify(body) })).json()) as T,
    text: async (path) => (await call(path)).text(),
  }
}

async function makeToken(config: Config): Promise<string> {
  await using store = await openStore({ config, log: openLog(config), role: 'tool', max: 2 })
  const { token } = await createToken(store.database, {
    name: 'terminal',
    role: 'administrator',
    days: 1 / 24,
  })
  return token
}
