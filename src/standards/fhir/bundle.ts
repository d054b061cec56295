import { IntegrationError } from '../../kernel/errors.ts'
import { compactOf, skimArray, skimObject, skipValue } from './skim.ts'
import type { Span } from './skim.ts'

/** One row of a searchset: the resource as the exact text that came, and what is needed to file it. */
export interface BundleEntry {
  fullUrl: string | null
  /** `match` when nothing is said: Cerner says it always, old domains do not. */
  mode: 'match' | 'include' | 'outcome'
  type: string
  /** Null in an OperationOutcome and what has none. */
  id: string | null
  /** `meta.versionId`: opaque. */
  version: string | null
  /** `meta.lastUpdated` as written. */
  lastUpdated: string | null
  text: string
}

export interface Bundle {
  /** `searchset`; null when it is not said. */
  type: string | null
  /** Mostly absent at Cerner. */
  total: number | null
  links: ReadonlyMap<string, string>
  entries: BundleEntry[]
  /** The bundle with each resource taken out, for the log: resources are kept by themselves. */
  shell: string
}

/**
 * Cuts a searchset into the text of its resources. The text is skimmed, not parsed, so that digits stay and one bad
 * resource harms only itself.
 *
 * @param call named in the error
 * @throws FHIR_ANSWER_UNREADABLE when it is no whole Bundle: cut off, HTML, another resource
 */
export function cutBundle(text: string, call = 'the search'): Bundle {
  try {
    return cut(text)
  } catch (cause) {
    const reason = cause instanceof NotABundle ? cause.message : 'it is not whole JSON'
    throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason })
  }
}

class NotABundle extends Error {}

function cut(text: string): Bundle {
  const bundle: Bundle = { type: null, total: null, links: new Map(), entries: [], shell: '' }
  const resources: Span[] = []
  let resourceType: unknown
  const end = skimObject(text, compactOf(text), (key, at) => {
    if (key === 'entry') return skimArray(text, at, (one) => cutEntry(text, one, bundle.entries, resources))
    const read = SMALL.has(key) ? parseValue(text, at) : undefined
    if (key === 'resourceType') resourceType = read?.value
    else if (key === 'type') bundle.type = stringOf(read?.value)
    else if (key === 'total') bundle.total = countOf(read?.value)
    else if (key === 'link') bundle.links = linksOf(read?.value)
    return read?.end
  })
  if (text.slice(end).trim() !== '') throw new NotABundle('there is more behind its end')
  if (resourceType !== 'Bundle') throw new NotABundle('it is not a Bundle')
  bundle.shell = without(text, resources)
  return bundle
}

const SMALL: ReadonlySet<string> = new Set(['resourceType', 'type', 'total', 'link'])

function cutEntry(text: string, from: number, entries: BundleEntry[], resources: Span[]): number | undefined {
  if (text[from] !== '{') return undefined
  let head: Head | null = null
  let span: Span = [from, from]
  const about = { fullUrl: null as string | null, mode: 'match' as BundleEntry['mode'] }
  const end = skimObject(text, from, (key, at) => {
    if (key === 'resource' && text[at] === '{') {
      const found = headOf(text, at)
      head = found.head
      span = [at, found.end]
      return found.end
    }
    if (key !== 'fullUrl' && key !== 'search') return undefined
    const { value, end: behind } = parseValue(text, at)
    if (key === 'fullUrl') about.fullUrl = stringOf(value)
    else about.mode = modeOf(value)
    return behind
  })
  if (head !== null) {
    resources.push(span)
    entries.push({ ...about, ...(head as Head), text: text.slice(...span) })
  }
  return end
}

type Head = Pick<BundleEntry, 'type' | 'id' | 'version' | 'lastUpdated'>

function headOf(text: string, from: number): { head: Head; end: number } {
  const head: Head = { type: '', id: null, version: null, lastUpdated: null }
  const end = skimObject(text, from, (key, at) => {
    if (key !== 'resourceType' && key !== 'id' && key !== 'meta') return undefined
    const { value, end: behind } = parseValue(text, at)
    if (key === 'resourceType') head.type = stringOf(value) ?? ''
    else if (key === 'id') head.id = stringOf(value)
    else {
      head.version = stringOf(recordOf(value)['versionId'])
      head.lastUpdated = stringOf(recordOf(value)['lastUpdated'])
    }
    return behind
  })
  return { head, end }
}

/** Reads type, id and version of one resource from its text, as in an NDJSON line. @throws SkimError, SyntaxError */
export const readHead = (text: string): Head => headOf(text, compactOf(text)).head

function parseValue(text: string, at: number): { value: unknown; end: number } {
  const end = skipValue(text, at)
  return { value: JSON.parse(text.slice(at, end)) as unknown, end }
}

const stringOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const countOf = (value: unknown): number | null => (typeof value === 'number' && value >= 0 ? value : null)
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

function modeOf(search: unknown): BundleEntry['mode'] {
  const mode = recordOf(search)['mode']
  return mode === 'include' || mode === 'outcome' ? mode : 'match'
}

function linksOf(value: unknown): Map<string, string> {
  const links = new Map<string, string>()
  for (const link of Array.isArray(value) ? value : []) {
    const { relation, url } = recordOf(link)
    if (typeof relation === 'string' && typeof url === 'string') links.set(relation, url)
  }
  return links
}

function without(text: string, spans: readonly Span[]): string {
  const parts: string[] = []
  let at = 0
  for (const [from, to] of spans) {
    parts.push(text.slice(at, from), '{}')
    at = to
  }
  return parts.join('') + text.slice(at)
}

/**
 * Remembers what a pull has seen, as the same id may stand on two pages (vendor safety notice, cerner-fhir-r4.md §1.4).
 * Versions are opaque, so the time of the change decides which is newer.
 */
export class Seen {
  private readonly latest = new Map<string, { version: string | null; updatedMs: number }>()

  /** True when this version is new or newer; false for one already seen or an older one. */
  take(entry: Head): boolean {
    if (entry.id === null) return true
    const key = `${entry.type}/${entry.id}`
    const before = this.latest.get(key)
    const updatedMs = entry.lastUpdated === null ? NaN : Date.parse(entry.lastUpdated)
    const isNew =
      before === undefined || (before.version !== entry.version && !(updatedMs < before.updatedMs))
    if (isNew) this.latest.set(key, { version: entry.version, updatedMs })
    return isNew
  }

  get size(): number {
    return this.latest.size
  }
}

/** Of each resource its newest version, in the order of first appearance. */
export function newestOf(entries: readonly BundleEntry[]): BundleEntry[] {
  const seen = new Seen()
  const kept = new Map<string, BundleEntry>()
  entries.forEach((entry, n) => {
    if (seen.take(entry)) kept.set(entry.id === null ? `#${n}` : `${entry.type}/${entry.id}`, entry)
  })
  return [...kept.values()]
}
