/**
 * The operations of Millennium web services as data: what is called, how, and what it needs. Client and sandbox read the
 * same table, so a path stands in one place. @see millennium-web-services.md §5-§10
 */

export type Service = 'person' | 'scheduling' | 'clinical' | 'documents' | 'reference'
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface Operation {
  readonly service: Service
  readonly method: Method
  /** With its parameters in braces: `/scheduling/v1/slots/{slot}/book`. */
  readonly path: string
  /** What a token has to open: `mws/Person` with the verb (§4). */
  readonly scope: 'mws/Person' | 'mws/Scheduling' | 'mws/Results' | 'mws/Documents'
  readonly verb: 'read' | 'search' | 'create' | 'patch'
  /** Idempotency-Key: `required` answers 428 without; the seed's booking is guarded by its natural key too (§5.6). */
  readonly key: 'none' | 'guarded' | 'required'
  /** If-Match: `required` answers 428 without. */
  readonly version: 'none' | 'optional' | 'required'
  /** How the log shows it. */
  readonly kind: string
}

const read = { method: 'GET', verb: 'read', key: 'none', version: 'none' } as const
const search = { method: 'GET', verb: 'search', key: 'none', version: 'none' } as const
const create = { method: 'POST', verb: 'create', key: 'required', version: 'none' } as const
const change = { method: 'PATCH', verb: 'patch', key: 'none', version: 'required' } as const
const act = { method: 'POST', verb: 'patch', key: 'none', version: 'required' } as const

const person = { service: 'person', scope: 'mws/Person' } as const
const scheduling = { service: 'scheduling', scope: 'mws/Scheduling' } as const
const clinical = { service: 'clinical', scope: 'mws/Results' } as const
const documents = { service: 'documents', scope: 'mws/Documents' } as const
const reference = { service: 'reference', scope: 'mws/Scheduling' } as const

const SLOT = '/scheduling/v1/slots/{slot}'
const APPOINTMENT = '/scheduling/v1/appointments/{id}'
const DOCUMENT = '/documents/v1/documents/{id}'

// prettier-ignore
export const OPERATIONS = {
  searchPerson:          { ...person, ...search, method: 'POST', path: '/patient/v1/Patient/search', kind: 'search Patient' },
  findPersonByAlias:     { ...person, ...search, path: '/patient/v1/Patient', kind: 'GET Patient' },
  personChanges:         { ...person, ...search, path: '/patient/v1/Patient/changes', kind: 'changes Patient' },
  readPerson:            { ...person, ...read, path: '/patient/v1/Patient/{id}', kind: 'GET Patient' },
  personLinks:           { ...person, ...read, path: '/patient/v1/Patient/{id}/links', kind: 'links Patient' },
  createPerson:          { ...person, ...create, path: '/patient/v1/Patient', kind: 'POST Patient' },
  updatePerson:          { ...person, ...change, path: '/patient/v1/Patient/{id}', kind: 'PATCH Patient' },

  findSlots:             { ...scheduling, ...search, path: '/scheduling/v1/slots', kind: 'GET Slot' },
  readSlot:              { ...scheduling, ...read, path: SLOT, kind: 'GET Slot' },
  bookAppointment:       { ...scheduling, ...create, key: 'guarded', path: `${SLOT}/book`, kind: 'book Appointment' },
  holdSlot:              { ...scheduling, ...create, key: 'none', path: `${SLOT}/hold`, kind: 'hold Slot' },
  releaseSlot:           { ...scheduling, method: 'DELETE', verb: 'patch', key: 'none', version: 'none', path: `${SLOT}/hold/{hold}`, kind: 'release Slot' },
  searchAppointments:    { ...scheduling, ...search, path: '/scheduling/v1/appointments', kind: 'GET Appointment' },
  appointmentChanges:    { ...scheduling, ...search, path: '/scheduling/v1/appointments/changes', kind: 'changes Appointment' },
  readAppointment:       { ...scheduling, ...read, path: APPOINTMENT, kind: 'GET Appointment' },
  setAppointmentStatus:  { ...scheduling, ...change, path: APPOINTMENT, kind: 'PATCH Appointment' },
  cancelAppointment:     { ...scheduling, ...act, path: `${APPOINTMENT}/cancel`, kind: 'cancel Appointment' },
  rescheduleAppointment: { ...scheduling, ...act, version: 'optional', path: `${APPOINTMENT}/reschedule`, kind: 'reschedule Appointment' },
  appointmentTypes:      { ...scheduling, ...read, path: '/scheduling/v1/appointment-types', kind: 'GET appointment types' },

  searchResults:         { ...clinical, ...search, path: '/clinical/v1/results', kind: 'GET Observation' },
  resultChanges:         { ...clinical, ...search, path: '/clinical/v1/results/changes', kind: 'changes Observation' },
  readResult:            { ...clinical, ...read, path: '/clinical/v1/results/{id}', kind: 'GET Observation' },
  createResult:          { ...clinical, ...create, path: '/clinical/v1/results', kind: 'POST Observation' },
  searchReports:         { ...clinical, ...search, path: '/clinical/v1/reports', kind: 'GET DiagnosticReport' },

  searchDocuments:       { ...documents, ...search, path: '/documents/v1/documents', kind: 'GET DocumentReference' },
  readDocument:          { ...documents, ...read, path: DOCUMENT, kind: 'GET DocumentReference' },
  readDocumentContent:   { ...documents, ...read, path: `${DOCUMENT}/content`, kind: 'GET document content' },
  createDocument:        { ...documents, ...create, path: '/documents/v1/documents', kind: 'POST DocumentReference' },
  replaceDocument:       { ...documents, ...create, path: `${DOCUMENT}/replace`, kind: 'replace DocumentReference' },
  retractDocument:       { ...documents, ...act, version: 'optional', path: `${DOCUMENT}/retract`, kind: 'retract DocumentReference' },

  readCodeSet:           { ...reference, ...read, path: '/reference/v1/code-sets/{set}', kind: 'GET code set' },
  findPractitioners:     { ...reference, ...search, path: '/reference/v1/practitioners', kind: 'GET Practitioner' },
  listLocations:         { ...reference, ...search, path: '/reference/v1/locations', kind: 'GET Location' },
  readMetadata:          { ...reference, ...read, path: '/reference/v1/metadata', kind: 'GET metadata' },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof OPERATIONS
export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[]
export const operationOf = (name: OperationName): Operation => OPERATIONS[name]

/** One call, before it takes the form of REST or SOAP. */
export interface MwsRequest {
  readonly operation: OperationName
  /** Values of the braces in the path. */
  readonly path: Readonly<Record<string, string>>
  readonly query: readonly (readonly [name: string, value: string])[]
  /** JSON text, byte for byte as it goes out. */
  readonly body: string | null
  /** For If-Match, without `W/"…"`. */
  readonly version: string | null
  /** Idempotency-Key. */
  readonly key: string | null
  /** X-Duplicate-Override: a person has looked at who may be the same. REST alone has it. */
  readonly isReviewed?: boolean
}

/** One answer, whichever way it came. */
export interface MwsAnswer {
  /** As HTTP counts; a SOAP fault carries it in its detail. */
  readonly status: number
  /** JSON text; null when the answer has no body. */
  readonly body: string | null
  readonly version: string | null
  /** HTTP date as written. */
  readonly lastModified: string | null
  readonly location: string | null
  readonly retryAfter: string | null
  /** Bytes of a document. */
  readonly content: MwsContent | null
}

export interface MwsContent {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** `sha-256=…`, null when the service sends none. */
  readonly digest: string | null
}

export const request = (
  operation: OperationName,
  rest: Partial<Omit<MwsRequest, 'operation'>> = {},
): MwsRequest => ({ operation, path: {}, query: [], body: null, version: null, key: null, ...rest })

/**
 * The address of a call behind the base.
 *
 * @throws RangeError when a value of the path is missing
 */
export function addressOf({
  operation,
  path,
  query,
}: Pick<MwsRequest, 'operation' | 'path' | 'query'>): string {
  const filled = OPERATIONS[operation].path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = path[name]
    if (value === undefined || value === '') throw new RangeError(`${operation} needs ${name} in its path`)
    return encodeURIComponent(value)
  })
  const text = query
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
  return text === '' ? filled : `${filled}?${text}`
}

/** The media type of a body: a JSON Patch has its own. */
export const mediaTypeOf = (operation: OperationName): string =>
  OPERATIONS[operation].method === 'PATCH' ? 'application/json-patch+json' : 'application/json'

/** `20` digits at most without a leading zero: a Millennium number. @see §5.2 */
export const isMillenniumId = (text: string): boolean => /^(?:0|[1-9]\d{0,19})$/.test(text)
export const isSlotId = (text: string): boolean => /^[A-Za-z0-9.-]{1,64}$/.test(text)
