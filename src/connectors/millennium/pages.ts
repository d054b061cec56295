import { IntegrationError } from '../../kernel/errors.ts'
import { cutBundle } from '../../standards/fhir/bundle.ts'
import { parseResource } from '../../standards/fhir/json.ts'
import { operationOf } from '../../standards/mws/operations.ts'
import type { MwsAnswer, MwsRequest } from '../../standards/mws/operations.ts'
import type { FhirResource, Read } from '../cerner/port.ts'
import type { Transport } from './transport.ts'

/** A far side that never stops is stopped here. */
const MOST_PAGES = 1000

export interface Collecting {
  /** The request for the page behind a cursor. */
  readonly at: (cursor: string | null) => MwsRequest
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The resources of a search, page after page, each with its text.
 *
 * @throws FHIR_PAGING_LOOP when a cursor comes twice, FHIR_ANSWER_UNREADABLE for what is no Bundle
 */
export async function collect(
  transport: Transport,
  { at, limit = Infinity, signal }: Collecting,
): Promise<Read[]> {
  const found = new Map<string, Read>()
  const cursors = new Set<string>()
  let cursor: string | null = null
  do {
    const request: MwsRequest = at(cursor)
    const call = operationOf(request.operation).kind
    const answer = await transport.send(request, signal)
    const bundle = cutBundle(answer.body ?? '', call)
    for (const entry of bundle.entries)
      if (entry.mode === 'match' && entry.id !== null)
        found.set(`${entry.type}/${entry.id}`, {
          resource: parseResource(entry.text, entry.type),
          text: entry.text,
          version: entry.version,
        })
    cursor = cursorIn(bundle.links.get('next'), call)
    if (cursor !== null && (cursors.has(cursor) || cursors.size >= MOST_PAGES))
      throw new IntegrationError('FHIR_PAGING_LOOP', { call })
    if (cursor !== null) cursors.add(cursor)
  } while (cursor !== null && found.size < limit)
  return [...found.values()].slice(0, limit)
}

// Only the cursor is taken from the address of the next page, so the token goes nowhere but where it went before.
function cursorIn(next: string | undefined, call: string): string | null {
  if (next === undefined) return null
  const cursor = URL.canParse(next, 'https://services')
    ? new URL(next, 'https://services').searchParams.get('cursor')
    : null
  if (cursor !== null && cursor !== '') return cursor
  throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason: 'its next page has no cursor' })
}

/** One resource as read. @throws FHIR_ANSWER_UNREADABLE */
export function readOf(answer: MwsAnswer, call: string): Read {
  const { body, version } = answer
  if (body === null) throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason: 'it is empty' })
  const resource = parseResource(body, call)
  return { resource, text: body, version: version ?? versionIn(resource) }
}

export function versionIn(resource: FhirResource): string | null {
  const meta = resource['meta']
  const version = typeof meta === 'object' && meta !== null && 'versionId' in meta ? meta.versionId : null
  return typeof version === 'string' ? version : null
}
