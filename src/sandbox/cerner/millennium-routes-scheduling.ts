import { isSlotId } from '../../standards/mws/operations.ts'
import {
  isCancelable,
  isReschedulable,
  isStatus,
  mayBecome,
  type AppointmentStatus,
} from '../../standards/mws/statuses.ts'
import { idIn } from './base.ts'
import { CANCEL_REASONS, CERNER_DEFINITION, codeSet } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { referencesOf, shownAs, read } from './millennium-routes-appointments.ts'
import { appointmentsAround } from './millennium-routes-booking.ts'
import {
  isObject,
  listIn,
  matched,
  objectIn,
  orNull,
  orRefuse,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'
import { startOf, holdOf } from './millennium-routes-slots.ts'

/** Changes of an appointment. @see millennium-web-services.md §7 */

export function setAppointmentStatus(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, true)
  const [operation, ...more] = listIn(call.body)
  if (!isObject(operation) || more.length > 0 || operation['path'] !== '/status')
    throw new ServiceRefusal(Array.isArray(call.body) ? 'rule-broken' : 'not-json')
  const to = operation['value']
  const from = now.resource['status']
  if (to === 'cancelled') throw new ServiceRefusal('cancel-reason-required', { expression: '/status' })
  if (!isStatus(to) || !isStatus(from) || !mayBecome(from, to, desk.switches.noshow))
    throw new ServiceRefusal('status-transition', { expression: '/status' })
  const patch = [{ op: 'replace', path: '/status', value: to }]
  return shownAs(
    desk,
    orRefuse('status-transition', () => patched(desk, call, now, ifMatch, patch), { expression: '/status' }),
  )
}

const patched = (
  desk: Desk,
  call: ServiceCall,
  now: Versioned,
  ifMatch: string,
  operations: unknown,
): Versioned =>
  desk.hospital.records.patch('Appointment', now.resource.id ?? '', ifMatch, operations, call.grant)

export function cancelAppointment(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, true)
  const { reason, comment } = objectIn(call)
  const coding = reasonCoding(desk, reason)
  if (coding === null) throw new ServiceRefusal('cancel-reason-required', { expression: 'reason' })
  if (!isCancelable(statusOf(now))) throw new ServiceRefusal('not-cancelable')
  const patch = [
    { op: 'replace', path: '/status', value: 'cancelled' },
    { op: 'add', path: '/cancelationReason', value: { coding: [coding] } },
    ...(typeof comment === 'string' && comment !== ''
      ? [
          {
            op: 'replace',
            path: '/extension',
            value: [{ url: `${CERNER_DEFINITION}/action-comment`, valueString: comment }],
          },
        ]
      : []),
  ]
  return shownAs(
    desk,
    orRefuse('not-cancelable', () => patched(desk, call, now, ifMatch, patch)),
  )
}

const statusOf = ({ resource }: Versioned): AppointmentStatus =>
  isStatus(resource['status']) ? resource['status'] : 'entered-in-error'

/** A reason as a CodeableConcept, or as a code or the words of code set 14229. */
function reasonCoding({ hospital }: Desk, reason: unknown): { system: string; code: string } | null {
  const system = codeSet(hospital.tenant, 14229)
  const [given] = isObject(reason) ? listIn(reason['coding']) : []
  const code = isObject(given) ? textIn(given['code']) : textIn(reason)
  const theirs = isObject(given) ? textIn(given['system']) : null
  const found = Object.entries(CANCEL_REASONS).find(([words, mapped]) =>
    theirs === null || theirs === system
      ? [mapped.code, words, mapped.display.toUpperCase()].includes(code?.toUpperCase() ?? '')
      : mapped.standard?.system === theirs && mapped.standard.code === code,
  )
  return found === undefined ? null : { system, code: found[1].code }
}

export function rescheduleAppointment(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, false)
  const { slot } = objectIn(call)
  const slotId = textIn(slot)?.replace(/^Slot\//, '') ?? idIn(slot, 'Slot')
  if (slotId === null) throw new ServiceRefusal('missing-parameter', { expression: 'slot' })
  if (!isReschedulable(statusOf(now))) throw new ServiceRefusal('not-reschedulable')
  const target = isSlotId(slotId)
    ? orNull(() => desk.hospital.records.read('Slot', slotId, call.grant))
    : null
  if (target === null) throw new ServiceRefusal('slot-not-found', { expression: 'slot' })
  refuseTarget(desk, call, target.resource, now.resource)
  const patch = [{ op: 'replace', path: '/slot', value: [{ reference: `Slot/${slotId}` }] }]
  const moved = orRefuse('slot-unavailable', () => patched(desk, call, now, ifMatch, patch), {
    expression: 'slot',
  })
  const note = desk.notes.get(now.resource.id ?? '')
  desk.notes.set(now.resource.id ?? '', {
    slotId,
    description: note?.description ?? null,
    comment: note?.comment ?? null,
    sequence: (note?.sequence ?? 0) + 1,
  })
  desk.holds.delete(slotId)
  return shownAs(desk, moved)
}

function refuseTarget(desk: Desk, call: ServiceCall, slot: Resource, appointment: Resource): void {
  const start = startOf(slot)
  if (start <= desk.clock.now()) throw new ServiceRefusal('past-slot', { expression: 'slot' })
  if (start - desk.clock.now() < desk.switches.leadSeconds * 1000)
    throw new ServiceRefusal('lead-time', { expression: 'slot' })
  const hold = holdOf(desk, slot.id ?? '')
  if (hold !== null && hold.owner !== call.grant.clientId)
    throw new ServiceRefusal('slot-unavailable', { expression: 'slot' })
  const patient = referencesOf(appointment).find((reference) => reference.startsWith('Patient/'))
  const others = appointmentsAround(desk, patient?.slice('Patient/'.length) ?? '', slot, call.grant)
  if (!call.allowOverlap && others.some(({ resource }) => resource.id !== appointment.id))
    throw new ServiceRefusal('patient-double-booked', { expression: 'slot' })
}
