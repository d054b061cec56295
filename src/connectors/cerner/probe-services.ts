import { IntegrationError } from '../../kernel/errors.ts'
import { probeMillennium } from '../millennium/probe.ts'
import { openMillennium } from '../millennium/road.ts'
import type { Transport } from '../millennium/transport.ts'
import type { Call } from './port.ts'
import { servicesAddress } from './probe-course.ts'
import type { Course } from './probe-course.ts'
import { explain } from './probe-explain.ts'
import { skipped } from './probe-step.ts'
import type { Finding, ProbeStep } from './probe-step.ts'
import type { CernerSettings } from './definition.ts'

const SERVICES = ['person', 'scheduling', 'clinical', 'documents'] as const

export const usesServices = ({ millennium }: CernerSettings): boolean =>
  SERVICES.some((service) => millennium[service])

/** With a user name of WS-Security no token is needed. */
export const servicesNeedToken = ({ millennium }: CernerSettings): boolean =>
  millennium.transport === 'rest' || millennium.soap.username === ''

/** True when the services have a host of their own, whose network is not proven yet. */
export function servicesAreElsewhere({ fhir, millennium }: CernerSettings): boolean {
  const address = servicesAddress(millennium)
  if (address === '' || fhir.base === '') return false
  return new URL(address).origin !== new URL(fhir.base).origin
}

export interface NamedFinding {
  rung: string
  name: string
  finding: Finding
  calls: readonly Call[]
}

/** The rungs of the Millennium services that are switched on, each read explained by the call it made. */
export async function lookAtServices(course: Course): Promise<NamedFinding[]> {
  const { settings, limits, ca, log, timer, tokens } = course
  const line = course.use(
    openMillennium({ settings: { ...settings, limits }, tokens, ca, log, timer, random: () => 0 }),
  )
  const from = course.calls.length
  const transport = givingUp(line.transport)
  const steps = await probeMillennium({ settings, transport, timer })
  const calls = course.calls.slice(from)
  const [first] = steps
  if (first?.outcome === 'failed') return dead(course, steps, calls)
  const troubled = calls.filter(({ error }) => error !== null)
  return steps.map((step) => {
    // Each step makes one call; what went wrong for it is told by the call whose error has its words.
    const call = step.outcome === 'failed' ? troubled.find((one) => isOf(one, step)) : undefined
    return named(step, findingOf(step, call), call === undefined ? [] : [call])
  })
}

/** After a first call that nobody answered the others are not sent: each would wait as long. */
function givingUp(transport: Transport): Transport {
  let dead: unknown = null
  return {
    send: async (request, signal) => {
      if (dead !== null) throw dead
      try {
        return await transport.send(request, signal)
      } catch (error) {
        if (request.operation === 'readMetadata' && !isAnswer(error)) dead = error
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  }
}

/** They answer, and do not describe themselves. */
const isAnswer = (error: unknown): boolean =>
  error instanceof IntegrationError && (error.code === 'FHIR_NOT_FOUND' || error.code === 'SOAP_FAULT')

/** Nothing answers at all: one failed rung, and the reads not even looked at. */
function dead(course: Course, steps: readonly ProbeStep[], calls: readonly Call[]): NamedFinding[] {
  const [first, ...rest] = steps
  if (first === undefined) return []
  const call = calls.find(({ error }) => error !== null)
  const said = explain({ error: null, call, stopped: 'The Millennium services do not answer' })
  const host = `Services address: ${new URL(servicesAddress(course.settings.millennium)).host}. `
  return [
    named(first, { ...said, evidence: `${host}${said.evidence}` }, call === undefined ? [] : [call]),
    ...rest.map((step) =>
      named(
        step,
        skipped(`Not tried: “${first.name}” failed.`, 'It stands on a rung that does not hold.'),
        [],
      ),
    ),
  ]
}

function findingOf(step: ProbeStep, call: Call | undefined): Finding {
  const { outcome, evidence, meaning, remedy } = step
  if (call === undefined)
    return {
      outcome,
      evidence,
      meaning,
      remedy,
      acts: outcome === 'passed' || remedy === '' ? 'nobody' : actsOn(step),
    }
  return explain({ error: null, call, stopped: step.meaning.replace(/\.$/, '') })
}

const actsOn = ({ name }: ProbeStep): Finding['acts'] =>
  name === 'Services are enabled there' ? 'cerner' : 'practice'

/** `Person services: a read` failed with the sentence of an error that names its call. */
const isOf = (call: Call, { evidence }: ProbeStep): boolean => evidence.includes(call.kind)

const RUNGS: Readonly<Record<string, string>> = {
  'Millennium services': 'services',
  'Millennium services answer': 'services',
  'Clocks agree': 'services-clock',
  'Services are enabled there': 'services-enabled',
  'Person services: a read': 'services-person',
  'Scheduling services: a read': 'services-scheduling',
  'Clinical results services: a read': 'services-clinical',
  'Document services: a read': 'services-documents',
}

function named({ name }: ProbeStep, finding: Finding, calls: readonly Call[]): NamedFinding {
  const shown = name === 'Clocks agree' ? 'The services’ clock agrees' : name
  return { rung: RUNGS[name] ?? 'services', name: shown, finding, calls }
}
