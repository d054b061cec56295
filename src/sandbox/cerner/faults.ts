import type { FastifyInstance } from 'fastify'
import { readFault, type FaultRequest } from './fault-schema.ts'
import { isUsable, openStandingFaults, type Pem } from './fault-standing.ts'
import { strike, type Armed } from './fault-strike.ts'
import type { Authority } from './oauth/authority.ts'
import { randomFor } from '../random.ts'

export interface ActiveFault {
  readonly id: number
  readonly fault: FaultRequest
  /** Calls that met its conditions, and those it struck. */
  readonly matched: number
  readonly fired: number
}

/** Things going wrong on demand. */
export interface Faults {
  /** @throws nothing: what cannot be is told as a sentence */
  add(body: unknown): Promise<ActiveFault | { readonly refused: string }>
  list(): readonly ActiveFault[]
  /** Ends one fault, or all of them, and puts right what they changed. */
  clear(id?: number): void
  stop(): void
}

export function openFaults(app: FastifyInstance, authority: Authority, tls: Pem | undefined): Faults {
  const armed: Armed[] = []
  const stopping = new AbortController()
  let lastId = 0
  const standing = openStandingFaults(app, authority, tls)
  strike(app, authority, () => armed, stopping.signal)

  return {
    async add(body) {
      const fault = readFault(body)
      if ('refused' in fault) return fault
      if (fault.kind === 'certificate' && tls === undefined)
        return { refused: 'kind: this server speaks plain HTTP' }
      if (fault.kind === 'certificate' && !isUsable(fault))
        return { refused: 'cert: not a certificate with its own key, in PEM' }
      lastId += 1
      const seed = 'seed' in fault ? (fault.seed ?? 1) : 1
      const made = { id: lastId, fault, matched: 0, fired: 0, draw: randomFor(seed, 'fault').next }
      armed.push(made)
      if (fault.kind === 'revoke') authority.revokeAll(fault.refreshToo ?? false)
      if (fault.kind === 'jwks-missing' && fault.rotate === true) await authority.keys.rotate()
      standing.apply(armed.map((one) => one.fault))
      return shown(made)
    },
    list: () => armed.map(shown),
    clear(id) {
      const left = id === undefined ? [] : armed.filter((one) => one.id !== id)
      armed.splice(0, armed.length, ...left)
      standing.apply(armed.map((one) => one.fault))
    },
    stop: () => stopping.abort(),
  }
}

const shown = ({ id, fault, matched, fired }: Armed): ActiveFault => ({ id, fault, matched, fired })

// --- /_sandbox/faults ---

export async function faultRoutes(app: FastifyInstance, { faults }: { faults: Faults }): Promise<void> {
  app.get('/_sandbox/faults', async () => ({ faults: faults.list() }))
  app.post('/_sandbox/faults', async (request, reply) => {
    const added = await faults.add(request.body)
    return 'refused' in added ? reply.code(400).send({ error: added.refused }) : reply.code(201).send(added)
  })
  app.delete('/_sandbox/faults', async (_request, reply) => {
    faults.clear()
    return reply.code(204).send()
  })
  app.delete('/_sandbox/faults/:id', async (request, reply) => {
    faults.clear(Number((request.params as { id: string }).id))
    return reply.code(204).send()
  })
}
