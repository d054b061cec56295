import { z } from 'zod'
import { appointment } from './appointments.ts'
import { instant, uuid } from './common.ts'
import { coded } from './patients.ts'

const place = z.object({ id: z.string(), name: z.string() })

/** A free time at Cerner, as it was when it was asked for. */
export const slot = z.object({
  id: z.string().describe('Id at Cerner; opaque'),
  connection_id: uuid,
  start: instant,
  end: instant,
  service_type: coded,
  location: place.nullable(),
  practitioner: place.nullable(),
  time_zone: z.string().describe('Of the location'),
})
export type Slot = z.infer<typeof slot>

export const slotQuery = z.object({
  connection_id: uuid.optional(),
  service_type: z.string().describe('system|code, as /api/scheduling/options lists them'),
  from: instant,
  to: instant,
  location_id: z.string().optional(),
  practitioner_id: z.string().optional(),
})
export type SlotQueryRequest = z.infer<typeof slotQuery>
export const slotList = z.object({ items: z.array(slot), next: z.null() })

/** What can be chosen when booking. */
export const schedulingOptions = z.object({
  connections: z.array(
    z.object({
      id: uuid,
      name: z.string(),
      can_book: z.boolean(),
      reason: z.string().describe('Why not, in a sentence; empty when it can'),
    }),
  ),
  service_types: z.array(z.object({ value: z.string().describe('system|code'), text: z.string() })),
  locations: z.array(place.extend({ time_zone: z.string() })),
  practitioners: z.array(place),
  cancel_reasons: z.array(z.object({ code: z.string(), system: z.string(), text: z.string() })),
})
export type SchedulingOptions = z.infer<typeof schedulingOptions>

export const chosenSlot = z.object({
  id: z.string().min(1).max(200),
  start: instant,
  end: instant,
  location: place.nullable().default(null),
  practitioner: place.nullable().default(null),
})

export const bookRequest = z.object({
  connection_id: uuid.optional().describe('Default: the connection that can book'),
  patient_id: uuid,
  slot: chosenSlot,
  service_type: coded.default({}),
  reason: z.string().max(255).default(''),
  comment: z.string().max(255).default(''),
  request_id: uuid.optional().describe('Made by the caller; the same one again books nothing twice'),
})
export type BookRequest = z.infer<typeof bookRequest>

export const moveRequest = z.object({
  version: z.number().int().describe('The version that was shown'),
  slot: chosenSlot,
  reason: z.string().max(255).default(''),
})
export type MoveRequest = z.infer<typeof moveRequest>

export const cancelRequest = z.object({
  version: z.number().int(),
  reason: z.object({ code: z.string(), system: z.string(), text: z.string().default('') }),
  comment: z.string().max(255).default(''),
})
export type CancelRequest = z.infer<typeof cancelRequest>

export const statusRequest = z.object({
  version: z.number().int(),
  status: z.enum(['arrived', 'checked-in', 'fulfilled']),
})
export type StatusRequest = z.infer<typeof statusRequest>

/** The record as it stands here, and the exchange that carries the change to Cerner. */
export const appointmentChange = z.object({ appointment, exchange_id: uuid })
export type AppointmentChange = z.infer<typeof appointmentChange>
