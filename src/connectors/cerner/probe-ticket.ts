import type { CernerSettings } from './definition.ts'
import type { Call } from './port.ts'
import type { Finding } from './probe-step.ts'
import { tenantOf } from './tenant.ts'

export interface TicketFacts {
  name: string
  finding: Finding
  settings: Pick<CernerSettings, 'fhir' | 'auth' | 'millennium'>
  /** The calls of this rung. */
  calls: readonly Call[]
  /** Of the authorization server, once it is known. */
  tokenHost: string | null
  atMs: number
}

/** Of a rung that makes many calls the last ones say enough. */
const MOST_CALLS = 4

/**
 * A text that can be sent as it is: who we are, what we saw and when, the ids that support asks for. Hosts, tenant and
 * client id stand in it; paths, secrets, tokens and anything of a patient do not.
 *
 * @returns undefined where there is nobody to write to
 */
export function ticketOf(facts: TicketFacts): string | undefined {
  const { finding, name, calls } = facts
  const { outcome, acts } = finding
  if (outcome !== 'failed' && outcome !== 'warning') return undefined
  // What the practice has to put right itself is written to Cerner only where Cerner refused something.
  const toCerner = acts === 'cerner' || (acts === 'practice' && calls.length > 0)
  if (!toCerner && acts !== 'network') return undefined
  const verdict = outcome === 'failed' ? 'failed' : 'gave a warning'
  return [
    `To: ${toCerner ? 'Cerner support' : 'network team'}`,
    `Subject: Practice Studio, tenant ${tenantOf(facts.settings)}: test “${name}” ${verdict}`,
    '',
    'Hello,',
    '',
    `the connectivity test of Practice Studio ${outcome === 'failed' ? 'stopped' : 'found something'} at “${name}”.`,
    '',
    `Seen: ${finding.evidence}`,
    `Meaning: ${finding.meaning}`,
    `Please: ${finding.ask ?? finding.remedy}`,
    '',
    ...placesOf(facts),
    ...callLines(calls),
  ].join('\n')
}

function placesOf({ settings, tokenHost, atMs }: TicketFacts): string[] {
  const { fhir, auth, millennium } = settings
  const services = millennium.transport === 'rest' ? millennium.base : millennium.soap.endpoint
  return [
    `Tested at: ${new Date(atMs).toISOString()} (UTC)`,
    ...(fhir.base === '' ? [] : [`FHIR host: ${hostOf(fhir.base)} (${fhir.version})`]),
    ...(tokenHost === null ? [] : [`Authorization host: ${tokenHost}`]),
    ...(services === '' ? [] : [`Services host: ${hostOf(services)}`]),
    `Tenant: ${tenantOf(settings)}`,
    `Client id: ${auth.clientId === '' ? 'none' : auth.clientId}`,
  ]
}

const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : 'not set')

function callLines(calls: readonly Call[]): string[] {
  if (calls.length === 0) return []
  const shown = calls.slice(-MOST_CALLS)
  const left = calls.length - shown.length
  return [
    '',
    left > 0 ? `Calls (the last ${shown.length} of ${calls.length}):` : 'Calls:',
    ...shown.map(lineOf),
  ]
}

function lineOf({ kind, url, status, startedAtMs, tookMs, requestIds }: Call): string {
  const ids = Object.entries(requestIds).map(([name, id]) => `${name} ${id}`)
  const said = status === null ? 'no answer' : `HTTP ${status}`
  const head = `- ${new Date(startedAtMs).toISOString()} ${kind} at ${hostOf(url)}: ${said} after ${Math.round(tookMs)} ms`
  return [head, ...ids].join('; ')
}
