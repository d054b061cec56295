import { equal } from '../../sync/three-way.ts'
import type { Known, OpenChange } from './intent.ts'

/**
 * What the other side was heard to have after a change of ours went through. A copy of what it had before, and the
 * echo of what we wrote, are no news.
 */
export function heardAfter({ intent }: OpenChange): Record<string, Known> {
  const { ours, before, theirs } = intent
  const later = Object.entries(theirs).filter(
    ([field, known]) => !equal(known.value, ours[field]) && !equal(known.value, before[field]?.value),
  )
  return Object.fromEntries(later)
}

/** A change that leaves now stands on what was heard so far: what comes from here on is later than it. */
export function standOnHeard(change: OpenChange): OpenChange {
  const { before, theirs } = change.intent
  return { ...change, intent: { ...change.intent, before: { ...before, ...theirs }, theirs: {} } }
}
