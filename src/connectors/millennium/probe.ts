import { IntegrationError } from '../../kernel/errors.ts'
import type { ProbeResult } from '../../contract/connections.ts'
import { request } from '../../standards/mws/operations.ts'
import type { MwsRequest, Service } from '../../standards/mws/operations.ts'
import { bodyOfSearch } from './requests.ts'
import type { CernerSettings } from '../cerner/definition.ts'
import type { Timer } from '../fhir/timer.ts'
import type { Transport } from './transport.ts'

export type ProbeStep = ProbeResult['steps'][number]

export interface MillenniumProbe {
  settings: Pick<CernerSettings, 'millennium' | 'knownPatient'>
  transport: Transport
  timer: Timer
}

const SERVICES = ['person', 'scheduling', 'clinical', 'documents'] as const
type Offered = (typeof SERVICES)[number]
const LABELS: Readonly<Record<Offered, string>> = {
  person: 'Person services',
  scheduling: 'Scheduling services',
  clinical: 'Clinical results services',
  documents: 'Document services',
}
const DAY_MS = 86_400_000
const SKEW_MS = 5 * 60_000

const step = (
  name: string,
  outcome: ProbeStep['outcome'],
  evidence: string,
  meaning: string,
  remedy = '',
): ProbeStep => ({
  name,
  outcome,
  evidence,
  meaning,
  remedy,
})

/** What the services say about themselves, as far as they do. */
interface Metadata {
  readonly versions: readonly string[]
  /** Milliseconds since 1970; null when not said. */
  readonly serverTimeMs: number | null
  readonly timeZone: string | null
  readonly services: ReadonlyMap<string, boolean>
}

/**
 * The rungs of the connectivity test that stand on Millennium services: what they say about themselves, and one harmless
 * read for each service that is switched on. Never throws; nothing is written.
 */
export async function probeMillennium(probe: MillenniumProbe): Promise<ProbeStep[]> {
  const on = SERVICES.filter((service) => probe.settings.millennium[service])
  if (on.length === 0)
    return [step('Millennium services', 'skipped', 'No service is switched on.', 'Everything goes by FHIR.')]
  const told = await metadata(probe)
  const steps = [told.step]
  if (told.metadata !== null) steps.push(clock(probe, told.metadata), offered(on, told.metadata))
  for (const service of on) steps.push(await harmlessRead(probe, service))
  return steps
}

async function metadata({
  transport,
}: MillenniumProbe): Promise<{ step: ProbeStep; metadata: Metadata | null }> {
  const name = 'Millennium services answer'
  try {
    const { body } = await transport.send(request('readMetadata'))
    const read = metadataIn(body ?? '')
    const versions = read.versions.length === 0 ? 'no version' : read.versions.join(', ')
    return { step: step(name, 'passed', `They name ${versions}.`, 'The address is right.'), metadata: read }
  } catch (error) {
    const failure = failureOf(error)
    // A site need not describe itself; that something answered is what counts here.
    if (failure.code === 'FHIR_NOT_FOUND' || failure.code === 'SOAP_FAULT')
      return {
        step: step(
          name,
          'warning',
          'They answer, and do not describe themselves.',
          'The reads below show what works.',
        ),
        metadata: null,
      }
    return {
      step: step(name, 'failed', failure.message, 'No service can be reached.', failure.todo),
      metadata: null,
    }
  }
}

function metadataIn(text: string): Metadata {
  const value = recordOf(parsed(text))
  const time = Date.parse(String(value['serverTime']))
  const versions = Array.isArray(value['versions']) ? (value['versions'] as unknown[]) : []
  return {
    versions: versions.filter((one): one is string => typeof one === 'string' && /^[\w.]{1,20}$/.test(one)),
    serverTimeMs: Number.isNaN(time) ? null : time,
    timeZone: typeof value['timeZone'] === 'string' ? value['timeZone'] : null,
    services: new Map(
      Object.entries(recordOf(value['services'])).map(([name, row]) => [
        name,
        recordOf(row)['enabled'] === true,
      ]),
    ),
  }
}

function clock({ timer }: MillenniumProbe, { serverTimeMs }: Metadata): ProbeStep {
  const name = 'Clocks agree'
  if (serverTimeMs === null)
    return step(name, 'skipped', 'The services do not say the time.', 'Nothing to compare.')
  const seconds = Math.round(Math.abs(timer.now() - serverTimeMs) / 1000)
  const evidence = `They differ by ${seconds} s.`
  return seconds * 1000 <= SKEW_MS
    ? step(name, 'passed', evidence, 'Tokens and timestamps are good on both sides.')
    : step(
        name,
        'warning',
        evidence,
        'Tokens and timestamps may be refused.',
        'Set the clock of this machine by NTP.',
      )
}

function offered(on: readonly Offered[], { services }: Metadata): ProbeStep {
  const name = 'Services are enabled there'
  const missing = on.filter((service) => services.get(service) === false)
  if (missing.length === 0)
    return step(
      name,
      'passed',
      on.map((one) => LABELS[one]).join(', '),
      'What is used here is offered there.',
    )
  const words = missing.map((one) => LABELS[one]).join(', ')
  const remedy = 'Switch them off here, or ask the Cerner team to enable them.'
  return step(name, 'failed', `Not enabled: ${words}.`, 'Calls to them will be refused.', remedy)
}

async function harmlessRead(probe: MillenniumProbe, service: Offered): Promise<ProbeStep> {
  const name = `${LABELS[service]}: a read`
  const wanted = readFor(probe, service)
  if (wanted === null)
    return step(
      name,
      'skipped',
      'No test patient is named.',
      'This service reads by patient only.',
      'Name a test patient in the settings.',
    )
  try {
    await probe.transport.send(wanted)
    return step(name, 'passed', `${wanted.operation} was answered.`, 'Address, token and scope are right.')
  } catch (error) {
    const failure = failureOf(error)
    return step(name, 'failed', failure.message, 'This service cannot be used as it is.', failure.todo)
  }
}

function readFor({ settings, timer }: MillenniumProbe, service: Service): MwsRequest | null {
  const { knownPatient } = settings
  const range = (member: string): [string, string][] => [
    [member, `ge${new Date(timer.now() - DAY_MS).toISOString()}`],
    [member, `lt${new Date(timer.now()).toISOString()}`],
  ]
  switch (service) {
    case 'person':
      return knownPatient === ''
        ? request('searchPerson', { body: bodyOfSearch({ identifier: 'urn:practicestudio:probe|none' }) })
        : request('readPerson', { path: { id: knownPatient } })
    case 'scheduling':
      return request('appointmentTypes')
    case 'clinical':
      if (knownPatient === '') return null
      return request('searchResults', {
        query: [['patient', knownPatient], ['category', 'vital-signs'], ...range('effective')],
      })
    case 'documents':
      if (knownPatient === '') return null
      return request('searchDocuments', { query: [['patient', knownPatient], ...range('period')] })
    case 'reference':
      return request('readMetadata')
  }
}

function failureOf(error: unknown): { code: string; message: string; todo: string } {
  if (error instanceof IntegrationError) return error
  return {
    code: 'INTERNAL',
    message: 'Something went wrong on our side.',
    todo: 'Look into the log of this program.',
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
