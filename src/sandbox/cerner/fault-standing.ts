import { createSecureContext, type Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { STILL, type Hospital, type Switches } from './contract.ts'
import type { FaultRequest } from './fault-schema.ts'
import type { Authority } from './oauth/authority.ts'

/** What a listener shows of itself, in PEM. */
export interface Pem {
  readonly cert: string
  readonly key: string
}

/** Faults that last until they are cleared: sets the hospital's switches and the authorization server's mischief to what the faults together say. */
export function openStandingFaults(
  app: FastifyInstance,
  { hospital, mischief }: Authority,
  tls: Pem | undefined,
): { apply(faults: readonly FaultRequest[]): void } {
  let served = tls
  const serve = (pem: Pem | undefined): void => {
    if (pem === undefined || pem === served) return
    served = pem
    ;(app.server as unknown as TlsServer).setSecureContext(pem)
  }
  const touched = new Set<keyof Switches>()
  return {
    apply(faults) {
      const narrow = faults.filter((one) => one.kind === 'narrow')
      mischief.removedScopes = narrow.flatMap(({ scopes }) => scopes)
      mischief.removedFromIssued = narrow.some(({ issuedToo }) => issuedToo ?? true)
      mischief.wrongAudience = faults.some(({ kind }) => kind === 'wrong-audience')
      mischief.newestKeyMissing = faults.some(({ kind }) => kind === 'jwks-missing')
      serve(faults.findLast((one) => one.kind === 'certificate') ?? tls)
      // Switches that no fault ever moved stay as the hospital was opened with.
      for (const member of touched) setSwitch(hospital, member, STILL[member])
      for (const one of faults) {
        if (one.kind !== 'switch') continue
        touched.add(one.member)
        setSwitch(hospital, one.member, one.value)
      }
    },
  }
}

export function isUsable({ cert, key }: Pem): boolean {
  try {
    return createSecureContext({ cert, key }) instanceof Object
  } catch {
    return false
  }
}

function setSwitch({ switches }: Hospital, member: keyof Switches, value: unknown): void {
  const fresh = member === 'locked' ? new Set(value as Iterable<string>) : value
  Object.assign(switches, { [member]: fresh })
}
