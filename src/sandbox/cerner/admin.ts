import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Refusal, type Versioned } from './contract.ts'
import { problemOf } from './fault-schema.ts'
import type { Faults } from './faults.ts'
import {
  advanceAppointment,
  bookAppointment,
  bookRequest,
  cancelAppointment,
  changePatient,
  moveAppointment,
  STEPS,
} from './millennium-user.ts'
import type { Authority } from './oauth/authority.ts'
import { clientSchema } from './oauth/clients.ts'
import { startLaunch } from './oauth/launch.ts'
import type { RequestLog } from './request-log.ts'

export interface Doors {
  readonly authority: Authority
  readonly faults: Faults
  readonly log: RequestLog
}

/** `/_sandbox/…`: what a demo and a test ask of the sandbox itself. No token is needed; nothing here is of Cerner. */
export async function adminRoutes(app: FastifyInstance, doors: Doors): Promise<void> {
  const { authority, faults, log } = doors
  const { clients, sessions, counts, hospital } = authority

  app.get('/_sandbox/state', async () => ({
    status: 'up',
    tenant: authority.tenant,
    endpoints: authority.endpoints(),
    now: new Date(authority.clock.now()).toISOString(),
    population: hospital.world.cast.population,
    tokenSeconds: authority.tokenSeconds,
    requests: log.total(),
    tokenCalls: counts.all(),
    faults: faults.list().length,
  }))
  app.get('/_sandbox/users', async () => ({ users: authority.users }))

  app.get('/_sandbox/requests', async () => ({ requests: log.calls() }))
  app.delete('/_sandbox/requests', async (_request, reply) => {
    log.clear()
    return reply.code(204).send()
  })

  app.get('/_sandbox/clients', async () => ({ clients: clients.list() }))
  app.put('/_sandbox/clients/:id', async (request) => {
    const { id } = request.params as { id: string }
    const before = clients.get(id)
    // What is not said stays; an app that is new needs what every app needs.
    const said = parsed(z.looseObject({}), request.body)
    return clients.put(parsed(clientSchema, { ...before, ...said, id }))
  })

  app.post('/_sandbox/launch', async (request) => {
    const { user, patient, encounter, client } = parsed(launchSchema, request.body)
    return startLaunch(authority, { user, patient, encounter: encounter ?? null, client: client ?? null })
  })
  app.post('/_sandbox/sessions/end', async (request) => {
    const { user } = parsed(z.strictObject({ user: z.string().optional() }), request.body ?? {})
    return { ended: sessions.end(user ?? null) }
  })
  screenRoutes(app, authority)
}

const id = z.string().min(1)
const launchSchema = z.strictObject({
  user: id,
  patient: id,
  encounter: id.optional(),
  client: id.optional(),
})
const bookSchema = z.strictObject({ patient: id, slot: id, reason: z.string().max(255).optional() })
const text = z.string().min(1).max(100)
const patientSchema = z.union([
  z.array(z.looseObject({ op: z.string(), path: z.string() })).min(1),
  z.strictObject({
    family: text.optional(),
    given: z.array(text).min(1).max(2).optional(),
    birthDate: z.iso.date().optional(),
    gender: z.enum(['female', 'male', 'other', 'unknown']).optional(),
    phoneHome: text.optional(),
    phoneMobile: text.optional(),
    email: text.optional(),
    address: z
      .strictObject({
        line: z.array(text).optional(),
        city: text.optional(),
        state: text.optional(),
        postalCode: z.string().max(25).optional(),
      })
      .optional(),
  }),
])

/** Changes that a Millennium user makes at a screen. */
function screenRoutes(app: FastifyInstance, { hospital }: Authority): void {
  const at = '/_sandbox/appointments'
  const idOf = (params: unknown): string => (params as { id: string }).id

  app.post(at, async (request) => {
    const { patient, slot, reason = null } = parsed(bookSchema, request.body)
    return shown(bookAppointment(hospital, { patient, slot, reason }))
  })
  app.post(`${at}/:id/move`, async (request) => {
    const { slot = null } = parsed(z.strictObject({ slot: id.optional() }), request.body ?? {})
    return shown(moveAppointment(hospital, idOf(request.params), slot))
  })
  app.post(`${at}/:id/cancel`, async (request) => {
    const { reason } = parsed(z.strictObject({ reason: z.string().default('pat') }), request.body ?? {})
    return shown(cancelAppointment(hospital, idOf(request.params), reason))
  })
  app.post(`${at}/:id/book`, async (request) => {
    const { slot } = parsed(z.strictObject({ slot: id }), request.body)
    return shown(bookRequest(hospital, idOf(request.params), slot))
  })
  for (const step of Object.keys(STEPS) as (keyof typeof STEPS)[])
    app.post(`${at}/:id/${step}`, async (request) =>
      shown(advanceAppointment(hospital, idOf(request.params), step)),
    )

  app.patch('/_sandbox/patients/:id', async (request) =>
    shown(changePatient(hospital, idOf(request.params), parsed(patientSchema, request.body))),
  )
}

const shown = ({ resource, version }: Versioned): object => ({ version, resource })

/** @throws Refusal 400 that names the member */
function parsed<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  throw new Refusal(400, { error: problemOf(read.error) })
}
