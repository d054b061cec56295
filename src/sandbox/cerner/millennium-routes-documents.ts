import { createHash } from 'node:crypto'
import { idIn } from './base.ts'
import type { Resource, Versioned } from './contract.ts'
import { collect, sortableDown, type Row } from './millennium-routes-paging.ts'
import {
  isObject,
  listIn,
  matched,
  objectIn,
  one,
  orNull,
  parametersOf,
  rangeIn,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** Documents services. @see millennium-web-services.md §9 */

const LARGEST_BYTES = 25 * 1024 * 1024
const DAY_MS = 86_400_000
const MEDIA_TYPES = new Set([
  'application/pdf',
  'text/plain',
  'text/html',
  'application/xhtml+xml',
  'text/rtf',
])

/** What the services know of a document beyond the hospital's record. */
export interface DocumentNote {
  /** Patient, type, bytes and author. */
  readonly fingerprint: string
  readonly createdAt: number
}

export function searchDocuments(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['patient', 'type', 'period', 'status'], ['patient'])
  const range = rangeIn(query, 'period')
  const search = new URLSearchParams([...query].filter(([name]) => ['patient', 'type'].includes(name)))
  search.set('_count', '100')
  if (range !== null) {
    search.append('period', `ge${new Date(range.from).toISOString()}`)
    search.append('period', `lt${new Date(range.to).toISOString()}`)
  }
  const status = query.get('status')
  const found = collect(desk.hospital.records, 'DocumentReference', search, call.grant)
    .map((row) => ({ ...row, resource: shown(desk, call, row.resource) }))
    .filter(({ resource }) => status === null || status.split(',').includes(String(resource['status'])))
  return desk.pages.page(call, found.map(rowOf))
}

function rowOf({ resource, lastUpdated }: Versioned): Row {
  const at = Date.parse(textIn(resource['date']) ?? '')
  return {
    place: `${sortableDown(Number.isNaN(at) ? lastUpdated : at)} ${resource.id ?? ''}`,
    id: resource.id ?? '',
    resource,
  }
}

/** With the state that replacing or retracting gave it, and the address of its bytes at these services. */
function shown(desk: Desk, { base }: ServiceCall, resource: Resource): Resource {
  const id = resource.id ?? ''
  const status = desk.documentStates.get(id) ?? resource['status']
  const [content, ...more] = listIn(resource['content'])
  if (!isObject(content) || !isObject(content['attachment']) || !('url' in content['attachment']))
    return { ...resource, status }
  const attachment = { ...content['attachment'], url: `${base}/documents/v1/documents/${id}/content` }
  return { ...resource, status, content: [{ ...content, attachment }, ...more] }
}

const read = (desk: Desk, { request, grant }: ServiceCall): Versioned =>
  desk.hospital.records.read('DocumentReference', request.path['id'] ?? '', grant)

export function readDocument(desk: Desk, call: ServiceCall): Reply {
  const found = read(desk, call)
  return one(found, shown(desk, call, found.resource))
}

export function readDocumentContent(desk: Desk, call: ServiceCall): Reply {
  const found = read(desk, call)
  const attachment = attachmentOf(found.resource)
  const bytes = bytesOf(desk, call, attachment)
  if (bytes === null) throw new ServiceRefusal('not-found')
  const mediaType = textIn(attachment['contentType']) ?? 'application/octet-stream'
  return {
    status: 200,
    body: null,
    version: found.version,
    content: { bytes, mediaType, digest: `sha-256=${sha256(bytes)}` },
  }
}

type Attachment = Readonly<Record<string, unknown>>

function attachmentOf(resource: Readonly<Record<string, unknown>>): Attachment {
  const [content] = listIn(resource['content'])
  return isObject(content) && isObject(content['attachment']) ? content['attachment'] : {}
}

// The bytes stand in the document, or in the Binary that its address names.
function bytesOf(desk: Desk, { grant }: ServiceCall, attachment: Attachment): Buffer | null {
  const inline = textIn(attachment['data'])
  if (inline !== null) return Buffer.from(inline, 'base64')
  const id = idIn({ reference: attachment['url'] }, 'Binary')
  const binary = id === null ? null : orNull(() => desk.hospital.records.read('Binary', id, grant))
  const data = textIn(binary?.resource['data'])
  return data === null ? null : Buffer.from(data, 'base64')
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64')

// --- writing ---

export function createDocument(desk: Desk, call: ServiceCall): Reply {
  const body = objectIn(call)
  const { fingerprint } = checked(body)
  const known = [...desk.documents].find(
    ([, note]) => note.fingerprint === fingerprint && desk.clock.now() - note.createdAt < DAY_MS,
  )
  const existing =
    known === undefined
      ? null
      : orNull(() => desk.hospital.records.read('DocumentReference', known[0], call.grant))
  if (existing !== null)
    return { ...one(existing, shown(desk, call, existing.resource)), location: locationOf(call, existing) }
  return made(desk, call, body, fingerprint)
}

function made(
  desk: Desk,
  call: ServiceCall,
  body: Readonly<Record<string, unknown>>,
  fingerprint: string,
): Reply {
  const created = desk.hospital.records.create('DocumentReference', body as unknown as Resource, call.grant)
  desk.documents.set(created.resource.id ?? '', { fingerprint, createdAt: desk.clock.now() })
  return one(created, shown(desk, call, created.resource), {
    status: 201,
    location: locationOf(call, created),
  })
}

const locationOf = ({ base }: ServiceCall, { resource }: Versioned): string =>
  `${base}/documents/v1/documents/${resource.id ?? ''}`

function checked(body: Readonly<Record<string, unknown>>): { bytes: Buffer; fingerprint: string } {
  if (body['resourceType'] !== 'DocumentReference')
    throw new ServiceRefusal('not-json', { expression: 'DocumentReference' })
  if (body['docStatus'] !== 'final')
    throw new ServiceRefusal('not-final', { expression: 'DocumentReference.docStatus' })
  if (body['status'] !== 'current')
    throw new ServiceRefusal('rule-broken', { expression: 'DocumentReference.status' })
  const type = listIn(isObject(body['type']) ? body['type']['coding'] : [])
  const patient = idIn(body['subject'], 'Patient')
  const author = listIn(body['author'])
  const context = isObject(body['context']) ? body['context'] : {}
  const missing = [
    [type.length === 1, 'type'],
    [patient !== null, 'subject'],
    [author.length > 0 && idIn(author[0], 'Practitioner') !== null, 'author'],
    [listIn(context['encounter']).length === 1, 'context.encounter'],
    [isObject(context['period']), 'context.period'],
    [listIn(body['content']).length === 1, 'content'],
  ].find(([isThere]) => isThere !== true)
  if (missing !== undefined)
    throw new ServiceRefusal('required', { expression: `DocumentReference.${String(missing[1])}` })
  const attachment = attachmentOf(body)
  const bytes = contentOf(attachment)
  const [coding] = type
  const typeKey = isObject(coding) ? `${String(coding['system'])}|${String(coding['code'])}` : ''
  return { bytes, fingerprint: [patient, typeKey, sha256(bytes), idIn(author[0], 'Practitioner')].join(' ') }
}

function contentOf(attachment: Attachment): Buffer {
  const place = 'DocumentReference.content[0].attachment'
  const mediaType = textIn(attachment['contentType'])?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!MEDIA_TYPES.has(mediaType))
    throw new ServiceRefusal('unsupported-type', { expression: `${place}.contentType` })
  const data = textIn(attachment['data'])
  if (data === null || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data))
    throw new ServiceRefusal('required', { expression: `${place}.data` })
  const bytes = Buffer.from(data, 'base64')
  if (bytes.length > LARGEST_BYTES)
    throw new ServiceRefusal('document-too-large', { expression: `${place}.data` })
  const hash = textIn(attachment['hash'])
  // FHIR's Attachment.hash is SHA-1; the services' own digests are SHA-256. Either is checked.
  const sums = [createHash('sha1').update(bytes).digest('base64'), sha256(bytes)]
  if (hash !== null && !sums.includes(hash))
    throw new ServiceRefusal('checksum-mismatch', { expression: `${place}.hash` })
  return bytes
}

export function replaceDocument(desk: Desk, call: ServiceCall): Reply {
  const old = read(desk, call)
  const id = old.resource.id ?? ''
  const body = objectIn(call)
  const { fingerprint } = checked(body)
  if (shown(desk, call, old.resource)['status'] !== 'current')
    throw new ServiceRefusal('rule-broken', { expression: 'DocumentReference.status' })
  const relatesTo = [{ code: 'replaces', target: { reference: `DocumentReference/${id}` } }]
  const reply = made(desk, call, { ...body, relatesTo }, fingerprint)
  desk.documentStates.set(id, 'superseded')
  return reply
}

export function retractDocument(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  matched(call, now, false)
  const { reason } = objectIn(call)
  if (textIn(reason) === null || reason === '') throw new ServiceRefusal('required', { expression: 'reason' })
  desk.documentStates.set(now.resource.id ?? '', 'entered-in-error')
  return one(now, shown(desk, call, now.resource))
}
