import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import type { LiveEvent } from '../../contract/metrics.ts'

type Flow = Extract<LiveEvent, { type: 'flow' }>
interface LiveState {
  connected: boolean
  flow: Flow | null
  /** Messages received since the page was opened; the log's "n new" counts from it. */
  seen: number
}

let state: LiveState = { connected: false, flow: null, seen: 0 }
const watchers = new Set<() => void>()
const put = (next: Partial<LiveState>): void => {
  state = { ...state, ...next }
  for (const watcher of watchers) watcher()
}
const subscribe = (watcher: () => void): (() => void) => {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** The newest hint of the live stream. */
export const useLive = (): LiveState => useSyncExternalStore(subscribe, () => state)

/** Which pages a kind of exchange can have changed: `SIU^S13` and `Appointment` the schedule. */
function keysOf(kind: string): string[] {
  const type = kind.split('^')[0] ?? ''
  if (['SIU', 'Appointment', 'appointment'].includes(type)) return ['appointments', 'patient']
  if (['MDM', 'DocumentReference', 'document'].includes(type)) return ['documents', 'patient']
  return ['patient']
}

// A change at Cerner's side is to be seen within two seconds; the engine's own pulse takes up to half of that.
const SOON_MS = 50
const EVERY_MS = 500
const FIGURES_EVERY_MS = 2_000
const everyMs = (key: string): number => (key === 'metrics' ? FIGURES_EVERY_MS : EVERY_MS)

/** Keeps one stream open for the whole console, and asks again for what it hints at: soon, and not too often. */
export function useLiveStream(enabled: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!enabled) return
    const timers = new Map<string, ReturnType<typeof setTimeout>>()
    const asked = new Map<string, number>()
    const ask = (key: string): void => {
      timers.delete(key)
      asked.set(key, Date.now())
      void client.invalidateQueries({ queryKey: [key] })
    }
    const refresh = (...keys: string[]): void => {
      for (const key of keys) {
        const wait = Math.max(SOON_MS, (asked.get(key) ?? 0) + everyMs(key) - Date.now())
        if (!timers.has(key))
          timers.set(
            key,
            setTimeout(() => ask(key), wait),
          )
      }
    }
    const take = (message: MessageEvent<string>): void => {
      const event = JSON.parse(message.data) as LiveEvent
      if (event.type === 'flow') {
        put({ flow: event, seen: state.seen + event.received })
        if (event.received + event.applied + event.parked > 0) refresh('metrics')
      } else if (event.type === 'records') {
        refresh(...event.types.flatMap(keysOf))
      } else if (event.type === 'outbox') refresh('appointments', 'patient', 'exchange', 'exchanges')
      else if (event.type === 'sync') refresh('sync-runs', 'drift', 'cerner')
      else if (event.type === 'conflicts') refresh('conflicts', 'appointments', 'patient')
      else refresh('connections')
    }
    const source = new EventSource('/api/events')
    source.onopen = () => put({ connected: true })
    source.onerror = () => put({ connected: false })
    for (const name of ['flow', 'records', 'connection', 'outbox', 'conflicts', 'sync'])
      source.addEventListener(name, take)
    return () => {
      for (const timer of timers.values()) clearTimeout(timer)
      source.close()
    }
  }, [client, enabled])
}
