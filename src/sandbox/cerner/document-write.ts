import { XMLValidator } from 'fast-xml-parser'
import { z } from 'zod'
import { CLINICAL_NOTE } from './document-reference.ts'
import { eventIdentifier, idIn, instant, withoutMeta, type Base } from './base.ts'
import { codeable, moment, pointer, readByRule } from './bodies.ts'
import { codeSet, eventCode, LOINC } from './codes.ts'
import type { Grant, Resource, Versioned } from './contract.ts'
import { againstRule, invalidRequest } from './outcomes.ts'

const written = z.looseObject({
  status: z.string(),
  docStatus: z.string(),
  identifier: z.array(z.looseObject({ value: z.string() })).optional(),
  type: codeable,
  subject: pointer,
  author: z.array(pointer).max(1).optional(),
  authenticator: pointer.optional(),
  content: z
    .array(
      z.looseObject({
        attachment: z.looseObject({
          contentType: z.string(),
          data: z.base64().min(1),
          title: z.string().optional(),
          creation: moment.optional(),
        }),
      }),
    )
    .length(1),
  context: z.looseObject({
    encounter: z.array(pointer).max(1).optional(),
    period: z.looseObject({ start: moment.optional(), end: moment }),
  }),
})
type Body = z.infer<typeof written>

const TEXTS = [
  'text/plain',
  'text/richtext',
  'text/rtf',
  'text/html',
  'application/xml',
  'application/xhtml+xml',
]

/** Type codes of code set 72 that documents may be written with, beside LOINC's. */
export const DOCUMENT_TYPES: Readonly<Record<string, string>> = {
  '11506-3': 'Progress Note',
  '34111-5': 'ED Note',
  '18842-5': 'Discharge Summary',
  '34133-9': 'Summary of episode note',
  '11488-4': 'Consultation Note',
  '34117-2': 'History and Physical Note',
  '57133-1': 'Referral Note',
  '51845-6': 'Outpatient Consult Note',
}

/** @throws Refusal 422 for a broken rule. @see cerner-fhir-r4.md §3.6 */
export function createDocument(base: Base, baseUrl: () => string, body: Resource, grant: Grant): Versioned {
  const read = readByRule(written, body)
  if (read.status !== 'current') throw againstRule('DocumentReference.status')
  const id = `59${String(base.overlay.nextNumber()).padStart(8, '0')}9`
  return store(base, baseUrl, read, grant, id, null)
}

/** Replaces a document whole; it may be marked as entered in error. */
export function updateDocument(
  base: Base,
  baseUrl: () => string,
  now: Versioned,
  body: Resource,
  grant: Grant,
): Versioned {
  const read = readByRule(written, body)
  if (!['current', 'entered-in-error'].includes(read.status)) throw againstRule('DocumentReference.status')
  if (idIn(read.subject, 'Patient') !== idIn(now.resource['subject'], 'Patient'))
    throw againstRule('DocumentReference.subject')
  const { creation } = (now.resource['content'] as Body['content'] | undefined)?.[0]?.attachment ?? {}
  const given = read.content[0]?.attachment.creation
  if (creation !== undefined && given !== undefined && Date.parse(given) < Date.parse(creation))
    throw againstRule('DocumentReference.content[0].attachment.creation')
  const before = { ...now, resource: withoutMeta(now.resource) }
  return store(base, baseUrl, read, grant, String(now.resource.id), before)
}

function store(
  base: Base,
  baseUrl: () => string,
  read: Body,
  grant: Grant,
  id: string,
  before: Versioned | null,
): Versioned {
  const n = base.patients.numberOf(idIn(read.subject, 'Patient') ?? '')
  if (n === undefined) throw againstRule('DocumentReference.subject')
  checkPeople(read, grant)
  const title = typeOf(base, read)
  const [content] = read.content
  if (content === undefined) throw invalidRequest()
  const { contentType, data } = content.attachment
  checkContent(contentType, data)
  const now = base.clock.now()
  const binaryId = `${contentType === 'application/pdf' ? 'XR' : 'TR'}-${id}`
  const subject = { reference: `Patient/${base.world.person(n).personId}` }
  base.overlay.put(
    'Binary',
    binaryId,
    { resourceType: 'Binary', id: binaryId, contentType, securityContext: subject, data },
    null,
    n,
  )
  const { author, authenticator } = read
  const creation = content.attachment.creation ?? instant(now)
  const resource: Resource = {
    resourceType: 'DocumentReference',
    id,
    identifier: [eventIdentifier(id, now)],
    status: read.status,
    docStatus: read.docStatus,
    type: title,
    category: [CLINICAL_NOTE],
    subject,
    date: instant(now),
    ...(author === undefined ? {} : { author }),
    ...(authenticator === undefined ? {} : { authenticator }),
    content: [
      {
        attachment: {
          contentType: contentType.split(';')[0],
          url: `${baseUrl()}/Binary/${binaryId}`,
          title: content.attachment.title ?? title.text,
          creation,
        },
      },
    ],
    context: read.context,
  }
  return base.overlay.put('DocumentReference', id, resource, before, n)
}

/** A signed-in author signs for nobody else; a system may leave the author out, and may amend. */
function checkPeople(read: Body, grant: Grant): void {
  const system = grant.persona === 'system'
  const states = system ? ['final', 'amended'] : ['final']
  if (!states.includes(read.docStatus) && read.status === 'current')
    throw againstRule('DocumentReference.docStatus')
  if (system) return
  const author = idIn(read.author?.[0], 'Practitioner')
  if (author === null || (grant.user !== null && author !== grant.user))
    throw againstRule('DocumentReference.author')
  if (read.authenticator !== undefined) throw againstRule('DocumentReference.authenticator')
}

/** One code of the site or codes of LOINC, never both. */
function typeOf({ tenant }: Base, { type }: Body): { coding: unknown[]; text: string } {
  const own = (type.coding ?? []).filter((one) => one.system === codeSet(tenant, 72))
  const loincs = (type.coding ?? []).filter((one) => one.system === LOINC)
  const place = 'DocumentReference.type'
  if (own.length + loincs.length !== (type.coding ?? []).length || own.length > 1) throw againstRule(place)
  if ((own.length === 0) === (loincs.length === 0)) throw againstRule(place)
  const found = Object.entries(DOCUMENT_TYPES).find(
    ([loinc]) => own.some((one) => one.code === eventCode(loinc)) || loincs.some((one) => one.code === loinc),
  )
  if (found === undefined) throw againstRule(place)
  const [loinc, title] = found
  return {
    coding: [
      { system: codeSet(tenant, 72), code: eventCode(loinc), display: title, userSelected: true },
      { system: LOINC, code: loinc, display: title, userSelected: false },
    ],
    text: title,
  }
}

function checkContent(contentType: string, data: string): void {
  const place = 'DocumentReference.content[0].attachment'
  if (contentType === 'application/pdf') {
    if (!Buffer.from(data, 'base64').subarray(0, 5).equals(Buffer.from('%PDF-'))) throw againstRule(place)
    return
  }
  const [type = '', charset] = contentType.toLowerCase().split(/\s*;\s*/)
  if (!TEXTS.includes(type) || charset !== 'charset=utf-8') throw againstRule(`${place}.contentType`)
  if (type !== 'application/xhtml+xml') return
  if (XMLValidator.validate(Buffer.from(data, 'base64').toString()) !== true) throw againstRule(place)
}
