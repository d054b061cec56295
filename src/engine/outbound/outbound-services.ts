import type { EngineServices } from '../services.ts'
import { Chart } from './chart.ts'
import { Decisions } from './decisions.ts'
import type { RememberRule } from './decisions.ts'
import { documentContent } from './documents.ts'
import { Registration } from './registration.ts'
import { Scheduling } from './scheduling.ts'
import type { SchedulingParts } from './scheduling.ts'

/** What users ask of Cerner, as the HTTP room is handed it. The worker beside it (`Outbox`) carries it out. */
export function outboundServices(
  parts: SchedulingParts,
  remember: RememberRule,
): Pick<EngineServices, 'scheduling' | 'outbound' | 'conflicts' | 'documents'> {
  const scheduling = new Scheduling(parts)
  const chart = new Chart(parts)
  const registration = new Registration(parts)
  const decisions = new Decisions(parts, remember)
  return {
    scheduling: {
      options: (connectionId) => scheduling.options(connectionId),
      slots: (query) => scheduling.slots(query),
      book: (request, actor) => scheduling.book(request, actor),
      move: (id, request, actor) => scheduling.move(id, request, actor),
      cancel: (id, request, actor) => scheduling.cancel(id, request, actor),
      setStatus: (id, request, actor) => scheduling.setStatus(id, request, actor),
    },
    outbound: {
      candidates: (request) => registration.candidates(request),
      register: (request, actor) => registration.register(request, actor),
      updatePatient: (id, request, actor) => chart.updatePatient(id, request, actor),
      vitalSigns: (patientId, request, actor) => chart.vitalSigns(patientId, request, actor),
      document: (patientId, request, actor) => chart.document(patientId, request, actor),
      withdraw: (exchangeId, actor) => decisions.withdraw(exchangeId, actor),
      retry: (exchangeId, actor) => decisions.retry(exchangeId, actor),
    },
    conflicts: { resolve: (id, request, actor) => decisions.resolve(id, request, actor) },
    documents: { content: (id) => documentContent(parts, id) },
  }
}
