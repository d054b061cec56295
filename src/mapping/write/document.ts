import { IntegrationError } from '../../kernel/errors.ts'
import type { Instant } from '../../kernel/calendar-date.ts'
import type { FhirResource } from '../fhir/json.ts'
import type { FhirMapSettings } from '../fhir/settings.ts'
import { compacted, dateTime, LOINC, one } from './parts.ts'
import type { Json } from './parts.ts'

/** A document to be filed at Cerner. Ids are logical ids there. */
export interface OutgoingDocument {
  patient: string
  encounter?: string
  author?: string
  authenticator?: string
  /** A LOINC code, or the site's own event code (code set 72): one of the two, never both. */
  type: { loinc: string; display?: string } | { event: string; display?: string }
  title: string
  /** `application/pdf`, `text/plain`, `application/xhtml+xml` … */
  mediaType: string
  dataBase64: string
  /** When the service was given; only the end is required. */
  periodStart?: Instant
  periodEnd: Instant
  docStatus?: 'final' | 'amended'
}

/** What Cerner takes; text needs its character set named (cerner-fhir-r4.md §3.6). */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'application/pdf': 'application/pdf',
  ...Object.fromEntries(
    ['text/plain', 'text/richtext', 'text/rtf', 'text/html', 'application/xml', 'application/xhtml+xml'].map(
      (type) => [type, `${type};charset=utf-8`],
    ),
  ),
}

/**
 * The DocumentReference that files a document at Cerner.
 *
 * @throws DOCUMENT_NOT_TAKEN for a media type or a content that Cerner refuses
 */
export function documentToFhir(document: OutgoingDocument, settings: FhirMapSettings): FhirResource {
  const base = document.mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
  const contentType = Object.hasOwn(MEDIA_TYPES, base) ? MEDIA_TYPES[base] : undefined
  if (contentType === undefined) throw refused('content.attachment.contentType', 'a media type')
  if (!isBase64(document.dataBase64)) throw refused('content.attachment.data', 'base64 data')
  return {
    resourceType: 'DocumentReference',
    ...compacted({
      status: 'current',
      docStatus: document.docStatus ?? 'final',
      type: typeOf(document.type, settings),
      subject: { reference: `Patient/${document.patient}` },
      author: one(document.author && { reference: `Practitioner/${document.author}` }),
      authenticator: document.authenticator && { reference: `Practitioner/${document.authenticator}` },
      content: [{ attachment: { contentType, data: document.dataBase64, title: document.title } }],
      context: compacted({
        encounter: one(document.encounter && { reference: `Encounter/${document.encounter}` }),
        period: compacted({
          start: document.periodStart && dateTime(document.periodStart),
          end: dateTime(document.periodEnd),
        }),
      }),
    }),
  }
}

function typeOf(type: OutgoingDocument['type'], settings: FhirMapSettings): Json {
  const [system, code] =
    'loinc' in type
      ? [LOINC, type.loinc]
      : [`https://fhir.cerner.com/${settings.source}/codeSet/72`, type.event]
  return compacted({ coding: [compacted({ system, code, display: type.display })], text: type.display })
}

const isBase64 = (data: string): boolean =>
  data.length > 0 && data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data)

const refused = (member: string, expected: string): IntegrationError =>
  new IntegrationError('DOCUMENT_NOT_TAKEN', { place: `DocumentReference.${member}`, expected })
