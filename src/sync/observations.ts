import type { Observation, ObservationStatus } from '../model/values.ts'

/** How the incoming lines stand to the stored ones, where they do not say it themselves. */
export interface MergeContext {
  /** True when the message is at least as new as what is stored; read where a line has no `reported_at`. */
  isNewer: boolean
}

type Version = Omit<Observation, 'previous' | 'key'>

/**
 * Brings the results of a message together with those stored, line by line (hl7-v2.md §9.1).
 *
 * Rank decides first: registered < preliminary < final and cancelled < corrected, amended and entered in error; among
 * equals the one reported later. A correction may therefore come first, and a late final only joins its history.
 * Preliminary lines are replaceable and leave no trace; final and corrected ones are kept in `previous`. The same
 * value with the same status is no new version. Versions that know when they were reported end in one state,
 * whatever their order of arrival.
 *
 * @returns the stored lines in their order, then the new ones; a line that did not change is the same object
 */
export function mergeObservations(
  stored: readonly Observation[],
  incoming: readonly Observation[],
  context: MergeContext,
): Observation[] {
  const merged = [...stored]
  const indexOf = new Map(merged.map((line, index) => [line.key, index]))
  for (const line of incoming) {
    const index = indexOf.get(line.key)
    if (index === undefined) indexOf.set(line.key, merged.push(line) - 1)
    else merged[index] = mergeLine(merged[index] as Observation, line, context)
  }
  return merged
}

const RANK: Readonly<Record<ObservationStatus, number>> = {
  registered: 0,
  preliminary: 1,
  final: 2,
  cancelled: 2,
  amended: 3,
  corrected: 3,
  'entered-in-error': 3,
}

/** From here on a version stays visible in the history when another replaces it. */
const KEPT_FROM = RANK.final

function mergeLine(stored: Observation, incoming: Observation, context: MergeContext): Observation {
  const versions = versionsOf(stored)
  const added = versionOf(incoming)
  const same = versions.findIndex((version) => isSame(version, added))
  if (same >= 0) {
    const known = versions[same] as Version
    // Said again later: the version stands, and is known to hold up to the later time.
    if (!isLater(added, known, context) || added.reported_at === known.reported_at) return stored
    versions.splice(same, 1)
  }
  const at = versions.findLastIndex((version) => !precedes(added, version, context)) + 1
  versions.splice(at, 0, added)
  return lineOf(stored, versions)
}

/** All versions of a line, worst standing first. */
const versionsOf = (line: Observation): Version[] => [...(line.previous ?? []), versionOf(line)]

function versionOf(line: Observation): Version {
  const { key: _key, previous: _previous, ...version } = line
  return version
}

/** True when `a` stands below `b`. */
function precedes(a: Version, b: Version, context: MergeContext): boolean {
  const rank = RANK[a.status] - RANK[b.status]
  return rank === 0 ? !isLater(a, b, context) : rank < 0
}

function isLater(incoming: Version, stored: Version, context: MergeContext): boolean {
  const [a, b] = [incoming.reported_at, stored.reported_at]
  if (a === undefined || b === undefined || a === b) return context.isNewer
  return a > b
}

function isSame(a: Version, b: Version): boolean {
  return a.status === b.status && JSON.stringify(valueOf(a)) === JSON.stringify(valueOf(b))
}

const valueOf = ({ quantity, text, codes, attachment }: Version): unknown[] => [
  quantity?.comparator,
  quantity?.value,
  quantity?.unit,
  text,
  codes,
  attachment,
]

const hasValue = (version: Version): boolean => valueOf(version).some((part) => part !== undefined)

function lineOf(stored: Observation, versions: readonly Version[]): Observation {
  const best = versions.at(-1) as Version
  const before = versions.slice(0, -1)
  // "Status only" (OBX-11 U without a value): the value reported before is the final one.
  const known = best.status === 'final' && !hasValue(best) ? before.findLast(hasValue) : undefined
  const current = known ? { ...best, ...pickValue(known) } : best
  const previous = before.filter((version) => RANK[version.status] >= KEPT_FROM && !isSame(version, current))
  const line: Observation = { key: stored.key, ...current }
  return previous.length > 0 ? { ...line, previous } : line
}

function pickValue({ value_type, quantity, text, codes, attachment }: Version): Partial<Version> {
  return {
    ...(value_type === undefined ? {} : { value_type }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(text === undefined ? {} : { text }),
    ...(codes === undefined ? {} : { codes }),
    ...(attachment === undefined ? {} : { attachment }),
  }
}
