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

/** Keeps one stream open for the whole console, and marks what it hints at as stale (at most every 2 s). */
export function useLiveStream(enabled: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!enabled) return
    const stale = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = (...keys: string[]): void => {
      for (const key of keys) stale.add(key)
      timer ??= setTimeout(() => {
        timer = undefined
        for (const key of stale) void client.invalidateQueries({ queryKey: [key] })
        stale.clear()
      }, 2_000)
    }
    const take = (message: MessageEvent<string>): void => {
      const event = JSON.parse(message.data) as LiveEvent
      if (event.type === 'flow') {
        put({ flow: event, seen: state.seen + event.received })
        if (event.received + event.applied + event.parked > 0) refresh('metrics')
      } else if (event.type === 'records') {
        if (event.types.includes('appointment')) refresh('appointments')
        refresh('patient')
        if (event.types.includes('document')) refresh('documents')
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
      clearTimeout(timer)
      source.close()
    }
  }, [client, enabled])
}
