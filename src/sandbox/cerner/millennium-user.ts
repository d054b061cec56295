import { INTERNAL_GRANT, Refusal, type Hospital, type Resource, type Versioned } from './contract.ts'
import { conflict } from './server-bodies.ts'

/** What somebody at a Millennium screen does: the same records, without a token and without the rules for apps. */

type Operation = Readonly<Record<string, unknown>>

const DAY_MS = 86_400_000
const LOOK_AHEAD_DAYS = 28

// The standard code set; a site's own codes live in code set 14229 (cerner-fhir-r4.md §3.2).
const CANCELLATION = 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason'

export const STEPS = { arrive: 'arrived', 'check-in': 'checked-in', complete: 'fulfilled' } as const

const read = ({ records }: Hospital, type: string, id: string): Versioned =>
  records.read(type, id, INTERNAL_GRANT)

function patch(hospital: Hospital, type: string, id: string, operations: readonly Operation[]): Versioned {
  const { version } = read(hospital, type, id)
  return hospital.records.patch(type, id, `W/"${version}"`, operations, INTERNAL_GRANT)
}

/** @param slotId null takes the next free one of the same provider and kind of visit */
export function moveAppointment(hospital: Hospital, id: string, slotId: string | null): Versioned {
  const slot = slotId ?? nextFreeSlot(hospital, read(hospital, 'Appointment', id).resource)
  return patch(hospital, 'Appointment', id, [
    { op: 'replace', path: '/slot', value: [{ reference: `Slot/${slot}` }] },
  ])
}

export function cancelAppointment(hospital: Hospital, id: string, reason: string): Versioned {
  return patch(hospital, 'Appointment', id, [
    { op: 'replace', path: '/status', value: 'cancelled' },
    { op: 'add', path: '/cancelationReason', value: { coding: [{ system: CANCELLATION, code: reason }] } },
  ])
}

/** Books an appointment that was only asked for (proposed). */
export function bookRequest(hospital: Hospital, id: string, slotId: string): Versioned {
  return patch(hospital, 'Appointment', id, [
    { op: 'add', path: '/slot', value: [{ reference: `Slot/${slotId}` }] },
    { op: 'replace', path: '/status', value: 'booked' },
  ])
}

export const advanceAppointment = (hospital: Hospital, id: string, step: keyof typeof STEPS): Versioned =>
  patch(hospital, 'Appointment', id, [{ op: 'replace', path: '/status', value: STEPS[step] }])

export function bookAppointment(
  hospital: Hospital,
  { patient, slot, reason }: { patient: string; slot: string; reason: string | null },
): Versioned {
  const body = {
    resourceType: 'Appointment',
    status: 'booked',
    slot: [{ reference: `Slot/${slot}` }],
    participant: [{ actor: { reference: `Patient/${patient}` }, status: 'accepted' }],
    ...(reason === null ? {} : { reasonCode: [{ text: reason }] }),
  }
  return hospital.records.create('Appointment', body, INTERNAL_GRANT)
}

function nextFreeSlot(hospital: Hospital, appointment: Resource): string {
  const now = hospital.clock.now()
  const after = Math.max(now, Date.parse(String(appointment['start'])) || 0)
  const query = new URLSearchParams([
    ...whose(appointment),
    ['start', `ge${new Date(after).toISOString()}`],
    ['start', `lt${new Date(after + LOOK_AHEAD_DAYS * DAY_MS).toISOString()}`],
    ['_count', '200'],
  ])
  const found = hospital.records
    .search('Slot', query, null, INTERNAL_GRANT)
    .entries.map((entry) => entry.found.resource)
  const later = found.filter(({ start }) => Date.parse(String(start)) > after)
  const kinds = codesOf(appointment)
  const fitting = later.find((slot) => codesOf(slot).some((code) => kinds.includes(code))) ?? later[0]
  if (fitting?.id === undefined) throw new Refusal(409, conflict('conflict', 'No later slot is free'))
  return fitting.id
}

function whose(appointment: Resource): [string, string][] {
  const actors = members<{ actor?: { reference?: string } }>(appointment['participant']).map(
    ({ actor }) => actor?.reference ?? '',
  )
  const provider = actors.find((reference) => reference.startsWith('Practitioner/'))
  if (provider !== undefined) return [['schedule.actor', provider]]
  const place = actors.find((reference) => reference.startsWith('Location/'))
  if (place !== undefined) return [['-location', place]]
  throw new Refusal(409, conflict('conflict', 'The appointment names no provider and no place'))
}

const codesOf = (resource: Resource): string[] =>
  members<{ coding?: { code?: string }[] }>(resource['serviceType']).flatMap(({ coding }) =>
    (coding ?? []).flatMap(({ code }) => (code === undefined ? [] : [code])),
  )

const members = <T>(value: unknown): readonly T[] => (Array.isArray(value) ? (value as T[]) : [])

// --- a patient's particulars ---

/** What a registration clerk changes; a member that is left out stays as it is. */
export interface PatientChange {
  readonly family?: string | undefined
  readonly given?: readonly string[] | undefined
  readonly birthDate?: string | undefined
  readonly gender?: string | undefined
  readonly phoneHome?: string | undefined
  readonly phoneMobile?: string | undefined
  readonly email?: string | undefined
  readonly address?:
    | {
        readonly line?: readonly string[] | undefined
        readonly city?: string | undefined
        readonly state?: string | undefined
        readonly postalCode?: string | undefined
      }
    | undefined
}

/** @param change members, or a JSON Patch to be carried out as it stands */
export function changePatient(
  hospital: Hospital,
  id: string,
  change: PatientChange | readonly Operation[],
): Versioned {
  if (!isMembers(change)) return patch(hospital, 'Patient', id, change)
  const operations = operationsFor(read(hospital, 'Patient', id).resource, change)
  if (operations.length === 0) throw new Refusal(400, conflict('invalid', 'Nothing to change'))
  return patch(hospital, 'Patient', id, operations)
}

const isMembers = (change: PatientChange | readonly Operation[]): change is PatientChange =>
  !Array.isArray(change)

interface Part {
  readonly id?: string
  readonly system?: string
  readonly use?: string
}

/** JSON Patch as §3.1 wants it: each changed element is tested by its id first. */
function operationsFor(patient: Resource, change: PatientChange): Operation[] {
  const { family, given, birthDate, gender, phoneHome, phoneMobile, email, address } = change
  const names = members<Part>(patient['name'])
  const telecoms = members<Part>(patient['telecom'])
  const addresses = members<Part>(patient['address'])
  const replace = (path: string, value: unknown): Operation[] =>
    value === undefined ? [] : [{ op: 'replace', path, value }]
  const within = (path: string, part: Part | undefined, operations: Operation[]): Operation[] =>
    operations.length === 0 ? [] : [{ op: 'test', path: `${path}/id`, value: part?.id }, ...operations]
  const telecom = (system: string, use: string, value: string | undefined): Operation[] => {
    if (value === undefined) return []
    const i = telecoms.findIndex((one) => one.system === system && (system === 'email' || one.use === use))
    if (i < 0) return [{ op: 'add', path: '/telecom/-', value: { system, use, value } }]
    return within(`/telecom/${i}`, telecoms[i], replace(`/telecom/${i}/value`, value))
  }
  const home = Math.max(
    0,
    addresses.findIndex(({ use }) => use === 'home'),
  )
  return [
    ...within('/name/0', names[0], [
      ...replace('/name/0/family', family),
      ...replace('/name/0/given', given),
    ]),
    ...replace('/birthDate', birthDate),
    ...replace('/gender', gender),
    ...telecom('phone', 'home', phoneHome),
    ...telecom('phone', 'mobile', phoneMobile),
    ...telecom('email', 'home', email),
    ...(address === undefined
      ? []
      : addresses.length === 0
        ? [{ op: 'add', path: '/address/-', value: { use: 'home', ...address } }]
        : within(
            `/address/${home}`,
            addresses[home],
            Object.entries(address).flatMap(([name, value]) => replace(`/address/${home}/${name}`, value)),
          )),
  ]
}
