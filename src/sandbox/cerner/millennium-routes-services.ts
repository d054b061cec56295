import type { Clock } from '../../kernel/clock.ts'
import { OPERATIONS, type OperationName } from '../../standards/mws/operations.ts'
import type { Hospital, Resource } from './contract.ts'
import { changesOf, openFeed, type Feed } from './millennium-routes-changes.ts'
import * as clinical from './millennium-routes-clinical.ts'
import * as documents from './millennium-routes-documents.ts'
import { openKeys, type Keys } from './millennium-routes-keys.ts'
import { openLimits, type Limits } from './millennium-routes-limits.ts'
import { openPages, type Pages } from './millennium-routes-paging.ts'
import * as person from './millennium-routes-person.ts'
import * as reference from './millennium-routes-reference.ts'
import { replyFor, ServiceRefusal, type Reply, type ServiceCall } from './millennium-routes-reply.ts'
import { searchPerson } from './millennium-routes-person-search.ts'
import * as appointments from './millennium-routes-appointments.ts'
import { bookAppointment } from './millennium-routes-booking.ts'
import * as scheduling from './millennium-routes-scheduling.ts'
import * as slots from './millennium-routes-slots.ts'

/** How a site has its services set; `PATCH /_sandbox/millennium` changes it. */
export interface ServiceSwitches {
  rateLimits: boolean
  /** Whether others may write `noshow`. */
  noshow: boolean
  /** How long before its start a slot can be booked. */
  leadSeconds: number
  resultsWritable: boolean
  /** Codes of set 14249 that cannot be booked from outside. */
  typesNotBookable: string[]
  services: { person: boolean; scheduling: boolean; clinical: boolean; documents: boolean }
}

/** What the operations work with. */
export interface Desk {
  readonly hospital: Hospital
  readonly clock: Clock
  readonly switches: ServiceSwitches
  readonly pages: Pages
  readonly feed: Feed
  readonly holds: Map<string, slots.Hold>
  readonly notes: Map<string, appointments.AppointmentNote>
  readonly documents: Map<string, documents.DocumentNote>
  readonly documentStates: Map<string, 'superseded' | 'entered-in-error'>
}

export interface Services {
  readonly switches: ServiceSwitches
  /** Answers a call; never throws. */
  handle(call: ServiceCall): Promise<Reply>
  /** Something to wait for between the work and its answer, so that a first request can be seen running. */
  pause: (() => Promise<void>) | null
}

type Handler = (desk: Desk, call: ServiceCall) => Reply

const asIs = (_desk: Desk, resource: Resource): object => resource

const HANDLERS: Readonly<Record<OperationName, Handler>> = {
  searchPerson: searchPerson,
  findPersonByAlias: person.findPersonByAlias,
  personChanges: changesOf('Patient', (_desk, resource) => person.shown(resource)),
  readPerson: person.readPerson,
  personLinks: person.personLinks,
  createPerson: person.createPerson,
  updatePerson: person.updatePerson,
  findSlots: slots.findSlots,
  readSlot: slots.readSlot,
  bookAppointment: bookAppointment,
  holdSlot: slots.holdSlot,
  releaseSlot: slots.releaseSlot,
  searchAppointments: appointments.searchAppointments,
  appointmentChanges: changesOf('Appointment', appointments.appointmentOf),
  readAppointment: appointments.readAppointment,
  setAppointmentStatus: scheduling.setAppointmentStatus,
  cancelAppointment: scheduling.cancelAppointment,
  rescheduleAppointment: scheduling.rescheduleAppointment,
  appointmentTypes: slots.appointmentTypes,
  searchResults: clinical.searchResults,
  resultChanges: changesOf('Observation', asIs),
  readResult: clinical.readResult,
  createResult: clinical.createResult,
  searchReports: clinical.searchReports,
  searchDocuments: documents.searchDocuments,
  readDocument: documents.readDocument,
  readDocumentContent: documents.readDocumentContent,
  createDocument: documents.createDocument,
  replaceDocument: documents.replaceDocument,
  retractDocument: documents.retractDocument,
  readCodeSet: reference.readCodeSet,
  findPractitioners: reference.findPractitioners,
  listLocations: reference.listLocations,
  readMetadata: reference.readMetadata,
}

// One set of services per hospital: REST and SOAP are two doors of the same house.
const OPEN = new WeakMap<Hospital, Services>()

export function servicesOf(hospital: Hospital, clock: Clock): Services {
  const open = OPEN.get(hospital)
  if (open !== undefined) return open
  const made = openServices(hospital, clock)
  OPEN.set(hospital, made)
  return made
}

function openServices(hospital: Hospital, clock: Clock): Services {
  const switches: ServiceSwitches = {
    rateLimits: false,
    noshow: false,
    leadSeconds: 0,
    resultsWritable: false,
    typesNotBookable: [],
    services: { person: true, scheduling: true, clinical: true, documents: true },
  }
  const desk: Desk = {
    hospital,
    clock,
    switches,
    pages: openPages(clock),
    feed: openFeed(hospital, clock),
    holds: new Map(),
    notes: new Map(),
    documents: new Map(),
    documentStates: new Map(),
  }
  const keys = openKeys(clock)
  const limits = openLimits(clock, () => switches.rateLimits)
  const services: Services = {
    switches,
    pause: null,
    handle: async (call) => {
      try {
        return await admitted(desk, services, keys, limits, call)
      } catch (thrown) {
        return replyFor(thrown, call.requestId)
      }
    },
  }
  return services
}

async function admitted(
  desk: Desk,
  services: Services,
  keys: Keys,
  limits: Limits,
  call: ServiceCall,
): Promise<Reply> {
  const { operation, key, path, body } = call.request
  const { service, verb, key: rule, version } = OPERATIONS[operation]
  if (service !== 'reference' && !desk.switches.services[service]) throw new ServiceRefusal('not-found')
  if (rule === 'required' && key === null) throw new ServiceRefusal('precondition-required')
  if (version === 'required' && call.request.version === null)
    throw new ServiceRefusal('precondition-required')
  const leave = limits.enter(call.grant.clientId, verb === 'create' || verb === 'patch')
  try {
    if (rule === 'none' || key === null) return await run(desk, services, call)
    const place = [call.grant.clientId, operation, ...Object.values(path), key].join(' ')
    return await keys.once(place, body ?? '', () => run(desk, services, call))
  } finally {
    leave()
  }
}

async function run(desk: Desk, services: Services, call: ServiceCall): Promise<Reply> {
  let reply: Reply
  try {
    reply = HANDLERS[call.request.operation](desk, call)
  } catch (thrown) {
    reply = replyFor(thrown, call.requestId)
  }
  await services.pause?.()
  return reply
}
