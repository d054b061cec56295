import { useSyncExternalStore } from 'react'

/**
 * State that outlives a page but never leaves the memory of this window: search terms that are protected health
 * information stand in no URL, no history and no storage, and are still there on the way back from a record.
 */
export function memory<T>(start: T): { use: () => readonly [T, (next: T) => void] } {
  let value = start
  const watchers = new Set<() => void>()
  const subscribe = (watcher: () => void): (() => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }
  const put = (next: T): void => {
    value = next
    for (const watcher of watchers) watcher()
  }
  return { use: () => [useSyncExternalStore(subscribe, () => value), put] as const }
}
