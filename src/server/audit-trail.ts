import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AuditWriter } from '../store/audit-writer.ts'
import type { AuditEntry } from '../store/audit.ts'
import { callerOf } from './authentication.ts'
import type { ServerDependencies } from './dependencies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    audit: AuditWriter
  }
}

/** What was looked at or done, as a route says it. */
export type Access = Omit<AuditEntry, 'actor' | 'role'>

export function openAuditTrail(app: FastifyInstance, { database, clock }: ServerDependencies): void {
  const writer = new AuditWriter({ database, clock })
  app.decorate('audit', writer)
  app.addHook('onClose', () => writer.close())
}

/**
 * Notes that the caller saw or did something. A route that shows protected health information waits for it before it
 * answers, so that nothing is seen that the trail does not know of.
 */
export function noteAccess(request: FastifyRequest, access: Access): Promise<void> {
  const { name, role } = callerOf(request)
  return request.server.audit.write({ actor: name, role, ...access })
}
