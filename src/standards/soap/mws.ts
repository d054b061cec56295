import { DETAILS, readOutcome } from '../mws/outcome.ts'
import type { MwsAnswer, MwsRequest, OperationName } from '../mws/operations.ts'
import { OPERATIONS } from '../mws/operations.ts'
import { Buffer } from 'node:buffer'
import type { FaultCode } from './fault.ts'
import type { ReadFault } from './fault.ts'
import { jsonToXml, xmlToJson } from './json-xml.ts'
import { childOf, childText, tag, textTag, XmlRefused } from './xml.ts'
import type { XmlElement } from './xml.ts'

/**
 * The operations of Millennium services as SOAP messages: one element named as the operation, its parts inside.
 *
 * `<bookAppointment xmlns="…"><path name="slot">…</path><key>…</key><body>…</body></bookAppointment>`
 */
export const MWS_NAMESPACE = 'urn:practicestudio:mws:v1'

/** Operations that the SOAP service offers. @see wsdl.ts */
export const SOAP_OPERATIONS = [
  'searchPerson',
  'readPerson',
  'createPerson',
  'updatePerson',
  'findSlots',
  'readSlot',
  'appointmentTypes',
  'bookAppointment',
  'rescheduleAppointment',
  'cancelAppointment',
  'setAppointmentStatus',
  'readAppointment',
  'searchAppointments',
  'searchResults',
  'createResult',
  'searchDocuments',
  'readDocumentContent',
  'createDocument',
  'readMetadata',
] as const satisfies readonly OperationName[]
export type SoapOperation = (typeof SOAP_OPERATIONS)[number]
export const isSoapOperation = (name: string): name is SoapOperation =>
  (SOAP_OPERATIONS as readonly string[]).includes(name)

/** How a site names things, where it differs. */
export interface SoapNames {
  readonly namespace: string
  /** Our name to the site's. */
  readonly operations: Readonly<Record<string, string>>
}

export const siteName = ({ operations }: SoapNames, operation: OperationName): string =>
  operations[operation] ?? operation

/** Value of SOAPAction and of the `action` parameter. */
export const actionOf = (names: SoapNames, operation: OperationName): string =>
  `${names.namespace}${/[/#:]$/.test(names.namespace) ? '' : '/'}${siteName(names, operation)}`

/** XML of a request's body. */
export function writeRequest(
  { operation, path, query, body, version, key }: MwsRequest,
  names: SoapNames,
): string {
  const inside = [
    ...Object.entries(path).map(([name, value]) => named('path', name, value)),
    ...query.map(([name, value]) => named('query', name, value)),
    ...(version === null ? [] : [textTag('version', version)]),
    ...(key === null ? [] : [textTag('key', key)]),
    ...(body === null ? [] : [jsonToXml('body', body)]),
  ]
  return tag(siteName(names, operation), { xmlns: names.namespace }, inside.join(''))
}

const named = (element: string, name: string, value: string): string =>
  textTag(element, value).replace(`<${element}`, `<${element} name="${name}"`)

/**
 * Reads what {@link writeRequest} wrote.
 *
 * @throws XmlRefused for another namespace or an operation that the service has not
 */
export function readRequest(content: XmlElement, namespace = MWS_NAMESPACE): MwsRequest {
  if (content.namespace !== namespace || !isSoapOperation(content.name))
    throw new XmlRefused('it asks for an operation that is not offered')
  const pairs = (element: string): (readonly [string, string])[] =>
    content.children
      .filter(({ name }) => name === element)
      .map(({ attributes, text }) => [attributes['name'] ?? '', text])
  const body = childOf(content, 'body')
  return {
    operation: content.name,
    path: Object.fromEntries(pairs('path')),
    query: pairs('query'),
    body: body === undefined ? null : xmlToJson(body),
    version: childText(content, 'version'),
    key: childText(content, 'key'),
  }
}

const PARTS = ['version', 'lastModified', 'location', 'retryAfter'] as const

/** XML of an answer's body. */
export function writeAnswer(operation: OperationName, answer: MwsAnswer, namespace = MWS_NAMESPACE): string {
  return tag(`${operation}Response`, { xmlns: namespace }, partsOf(answer))
}

function partsOf(answer: MwsAnswer): string {
  const parts = PARTS.flatMap((name) => (answer[name] === null ? [] : [textTag(name, answer[name])]))
  const { content, body } = answer
  const bytes =
    content === null
      ? ''
      : tag(
          'content',
          { mediaType: content.mediaType, ...(content.digest === null ? {} : { digest: content.digest }) },
          Buffer.from(content.bytes).toString('base64'),
        )
  return [
    textTag('status', String(answer.status)),
    ...parts,
    body === null ? '' : jsonToXml('body', body),
    bytes,
  ].join('')
}

/**
 * Reads an answer.
 *
 * @throws XmlRefused when it is the answer to something else
 */
export function readAnswer(operation: OperationName, content: XmlElement, names: SoapNames): MwsAnswer {
  if (content.name !== `${siteName(names, operation)}Response` || content.namespace !== names.namespace)
    throw new XmlRefused('it answers another operation')
  return answerIn(content, usualStatus(operation))
}

const usualStatus = (operation: OperationName): number =>
  OPERATIONS[operation].verb === 'create' ? 201 : 200

function answerIn(element: XmlElement, otherwise: number): MwsAnswer {
  const body = childOf(element, 'body')
  const content = childOf(element, 'content')
  return {
    status: statusIn(element) ?? otherwise,
    body: body === undefined ? null : xmlToJson(body),
    version: childText(element, 'version'),
    lastModified: childText(element, 'lastModified'),
    location: childText(element, 'location'),
    retryAfter: childText(element, 'retryAfter'),
    content:
      content === undefined
        ? null
        : {
            bytes: Buffer.from(content.text, 'base64'),
            mediaType: content.attributes['mediaType'] ?? 'application/octet-stream',
            digest: content.attributes['digest'] ?? null,
          },
  }
}

function statusIn(element: XmlElement): number | null {
  const text = childText(element, 'status')?.trim() ?? ''
  return /^[1-5]\d\d$/.test(text) ? Number(text) : null
}

/** The detail of a fault: the answer as REST would give it. */
export const writeProblem = (answer: MwsAnswer, namespace = MWS_NAMESPACE): string =>
  tag('problem', { xmlns: namespace }, partsOf(answer))

/** What a fault says as an answer of REST; null when it carries no detail of ours. */
export function answerOfFault({ detail }: ReadFault, names: SoapNames): MwsAnswer | null {
  const problem = detail === null ? undefined : childOf(detail, 'problem', names.namespace)
  return problem === undefined || statusIn(problem) === null ? null : answerIn(problem, 500)
}

/** Code, subcode and words of the fault for an answer that says no. */
export function faultFor(answer: Pick<MwsAnswer, 'status' | 'body'>): {
  code: FaultCode
  subcode: string
  reason: string
} {
  const { code, issue } = readOutcome(answer.body)
  return {
    code: answer.status >= 500 ? 'receiver' : 'sender',
    subcode: code ?? issue ?? '',
    reason: code === null ? 'The request was refused' : DETAILS[code].text,
  }
}
