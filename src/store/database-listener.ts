import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { asStoreError } from './database-errors.ts'

/** Undefined says: the connection was lost and is back, so look for yourself. */
export type NotificationHandler = (payload: string | undefined) => void

export interface Listener {
  listen(channel: string, handler: NotificationHandler): Promise<AsyncDisposable>
  close(): Promise<void>
}

const MAX_PAUSE_MS = 5_000

/** One connection that listens for all channels, made when the first is asked for. */
export function openListener(config: pg.ClientConfig): Listener {
  const handlers = new Map<string, Set<NotificationHandler>>()
  let connecting: Promise<pg.Client> | undefined
  let closed = false

  const dispatch = ({ channel, payload }: pg.Notification): void => {
    for (const handler of handlers.get(channel) ?? []) handler(payload ?? '')
  }

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(config)
    client.on('notification', dispatch)
    client.on('error', () => undefined)
    await client.connect()
    for (const channel of handlers.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    client.once('end', () => {
      if (!closed) void reconnect()
    })
    return client
  }

  const reconnect = async (): Promise<void> => {
    for (let pauseMs = 100; !closed; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      connecting = connect()
      try {
        await connecting
        for (const waiting of handlers.values()) for (const handler of waiting) handler(undefined)
        return
      } catch {
        await sleep(pauseMs, undefined, { ref: false })
      }
    }
  }

  const listen: Listener['listen'] = async (channel, handler) => {
    const known = handlers.get(channel)
    const waiting = known ?? new Set()
    waiting.add(handler)
    handlers.set(channel, waiting)
    try {
      connecting ??= connect()
      const client = await connecting
      if (!known) await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (cause) {
      waiting.delete(handler)
      connecting = undefined
      throw asStoreError(cause)
    }
    return { [Symbol.asyncDispose]: () => Promise.resolve(void waiting.delete(handler)) }
  }

  const close = async (): Promise<void> => {
    closed = true
    const client = await connecting?.catch(() => undefined)
    await client?.end().catch(() => undefined)
  }

  return { listen, close }
}
