import { useSyncExternalStore } from 'react'
import { useSession } from '../shell/session.ts'

export const ZONE_CHOICES = ['site', 'mine', 'utc'] as const
export type ZoneChoice = (typeof ZONE_CHOICES)[number]

const KEY = 'practice-studio.zone'
const watchers = new Set<() => void>()
// A frame of another site may have no storage: the choice is then kept for as long as the window is open.
let inMemory: string | null = null
const stored = (): string | null => {
  try {
    return window.localStorage.getItem(KEY)
  } catch {
    return inMemory
  }
}
const read = (): ZoneChoice => ZONE_CHOICES.find((choice) => choice === stored()) ?? 'site'

export function chooseZone(choice: ZoneChoice): void {
  inMemory = choice
  try {
    window.localStorage.setItem(KEY, choice)
  } catch {
    // Kept in memory alone.
  }
  for (const watcher of watchers) watcher()
}

/** The zone in which every time of the console is shown: the practice's, the reader's, or UTC. */
export function useZone(): { choice: ZoneChoice; zone: string } {
  const choice = useSyncExternalStore((watcher) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }, read)
  const site = useSession().practice.time_zone
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone
  return { choice, zone: choice === 'site' ? site : choice === 'mine' ? mine : 'UTC' }
}
