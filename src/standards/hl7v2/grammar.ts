/** A part of a message structure: a segment or a group, with how often it may come. */
export interface Part {
  /** Segment name; empty for a group. */
  readonly segment: string
  readonly parts: readonly Part[]
  readonly optional: boolean
  readonly repeats: boolean
}

/**
 * Reads a structure in the notation of the standard: `MSH [{SFT}] PID [PD1] {OBX [{NTE}]}`.
 *
 * @see HL7 2.5.1 §2.13 (abstract message syntax)
 */
export function readGrammar(text: string): readonly Part[] {
  const tokens = text.match(/[[\]{}]|[A-Z][A-Z0-9]{2}/g) ?? []
  let at = 0
  const readParts = (close: string): Part[] => {
    const parts: Part[] = []
    while (at < tokens.length && tokens[at] !== close) {
      const token = tokens[at++] ?? ''
      if (token === '[' || token === '{') {
        const inner = readParts(token === '[' ? ']' : '}')
        at++
        parts.push(group(inner, token === '[', token === '{'))
      } else parts.push({ segment: token, parts: [], optional: false, repeats: false })
    }
    return parts
  }
  return readParts('')
}

// `[{X}]` is one optional repeating part, not a group inside a group.
function group(inner: readonly Part[], optional: boolean, repeats: boolean): Part {
  const [only] = inner
  if (inner.length === 1 && only !== undefined) {
    return { ...only, optional: only.optional || optional, repeats: only.repeats || repeats }
  }
  return { segment: '', parts: inner, optional, repeats }
}

/** Segments a part can begin with. */
export function firstOf(part: Part): ReadonlySet<string> {
  let first = FIRST.get(part)
  if (first === undefined) {
    first = part.segment === '' ? firstOfAll(part.parts) : new Set([part.segment])
    FIRST.set(part, first)
  }
  return first
}

const FIRST = new WeakMap<Part, ReadonlySet<string>>()

function firstOfAll(parts: readonly Part[]): Set<string> {
  const first = new Set<string>()
  for (const part of parts) {
    for (const name of firstOf(part)) first.add(name)
    if (!part.optional) break
  }
  return first
}

/** What does not fit: a segment that has to be there, or one that stands where it may not. */
export type Misfit =
  | { readonly kind: 'missing'; readonly segment: string }
  | { readonly kind: 'misplaced'; readonly index: number }

/**
 * Matches segment names against a structure. A misplaced segment is told and passed over, so that one does not
 * hide the others.
 *
 * @param names segment names in order, local segments left out
 * @param limit how many misfits to tell at most
 */
export function matchGrammar(
  parts: readonly Part[],
  names: readonly string[],
  limit = 10,
): readonly Misfit[] {
  const skipped = new Set<number>()
  for (;;) {
    const kept = names.map((name, index) => ({ name, index })).filter(({ index }) => !skipped.has(index))
    const misfit = matchOnce(
      parts,
      kept.map(({ name }) => name),
    )
    const misplaced: Misfit[] = [...skipped].map((index) => ({ kind: 'misplaced', index }))
    if (misfit.intruder === null || skipped.size >= limit) {
      const elsewhere = new Set([...skipped].map((index) => names[index]))
      const missing = misfit.missing
        .filter((segment) => !elsewhere.has(segment))
        .map((segment): Misfit => ({ kind: 'missing', segment }))
      return [...missing, ...misplaced].slice(0, limit)
    }
    const intruder = kept[misfit.intruder]
    if (intruder === undefined) return misplaced
    skipped.add(intruder.index)
  }
}

function matchOnce(
  parts: readonly Part[],
  names: readonly string[],
): { missing: string[]; intruder: number | null } {
  const missing: string[] = []
  let at = 0
  let intruder: number | null = null
  const matchPart = (part: Part): void => {
    let isFirst = true
    while (intruder === null && (isFirst ? !part.optional || begins(part) : part.repeats && begins(part))) {
      isFirst = false
      if (part.segment === '') {
        const before = at
        part.parts.forEach(matchPart)
        if (at === before) return
      } else if (names[at] === part.segment) at++
      else if (names.includes(part.segment, at)) intruder = at
      else missing.push(part.segment)
      if (!part.repeats) return
    }
  }
  const begins = (part: Part): boolean => firstOf(part).has(names[at] ?? '')
  parts.forEach(matchPart)
  if (intruder === null && at < names.length) intruder = at
  return { missing, intruder }
}
