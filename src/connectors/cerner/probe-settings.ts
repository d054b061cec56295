import { createPrivateKey } from 'node:crypto'
import { IntegrationError } from '../../kernel/errors.ts'
import { isId } from '../../standards/fhir/id.ts'
import { readPem } from '../fhir/pem.ts'
import type { CernerSettings } from './definition.ts'
import { PROFILES } from './profiles.ts'
import { servicesAddress } from './probe-course.ts'
import type { Course } from './probe-course.ts'
import { count, failed, passed, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'
import { tenantOf } from './tenant.ts'

/** Something missing: where it is set, as the form labels it, and what stops without it. */
interface Gap {
  place: string
  says: string
  /** Nothing can be reached; else only the token is out of reach. */
  address: boolean
}

const gap = (place: string, says: string, address = false): Gap => ({ place, says, address })

/** What has to be there is there, and can be read. */
export async function lookAtSettings(course: Course): Promise<Finding> {
  const { settings, probe } = course
  const gaps = [...addressGaps(settings), ...(await proofGaps(settings)), ...servicesGaps(settings)]
  if (probe.ca instanceof IntegrationError)
    gaps.push(gap('tls.ca', 'the trusted authorities cannot be read', true))
  if (gaps.length > 0) return incomplete(gaps)
  const evidence = summary(settings)
  const odd = oddities(settings)
  if (odd.length === 0) return passed(evidence, 'The connection can be tried.')
  return warning({
    evidence: `${evidence} ${odd.join(' ')}`,
    meaning: 'The connection can be tried, and part of it will not do what it is there for.',
    remedy: 'Complete the settings that are named, in Settings > Integrations > Cerner.',
    acts: 'practice',
  })
}

function incomplete(gaps: readonly Gap[]): Finding {
  const words = gaps.map(({ place, says }) => `${place}: ${says}`).join('; ')
  const noWay = gaps.some(({ address }) => address)
  return failed({
    evidence: `${count(gaps.length, 'setting')} missing or not readable. ${words}.`,
    meaning: noWay
      ? 'The settings are not complete, so nothing can be reached.'
      : 'The settings are not complete: the network can be tested, and no token can be asked for.',
    remedy: 'Complete them in Settings > Integrations > Cerner.',
    acts: 'practice',
    stops: noWay ? ['address'] : [],
  })
}

function addressGaps({ fhir, millennium }: CernerSettings): Gap[] {
  if (fhir.base === '' && servicesAddress(millennium) === '')
    return [gap('fhir.base', 'the FHIR address is empty', true)]
  if (fhir.base !== '' && new URL(fhir.base).pathname.replaceAll('/', '') === '')
    return [gap('fhir.base', 'the FHIR address names no tenant', true)]
  return []
}

async function proofGaps({ auth, fhir, millennium }: CernerSettings): Promise<Gap[]> {
  const byUser = millennium.transport !== 'rest' && millennium.soap.username !== ''
  if (fhir.base === '' && byUser) return []
  const gaps = auth.clientId === '' ? [gap('auth.clientId', 'the client id is empty')] : []
  if (fhir.base === '' && millennium.tokenUrl === '')
    gaps.push(
      gap(
        'millennium.tokenUrl',
        'the token address is empty, and there is no FHIR address to discover it by',
      ),
    )
  if (auth.method === 'client_secret_basic' && auth.clientSecret === '')
    gaps.push(gap('auth.clientSecret', 'the client secret is empty'))
  if (auth.method === 'private_key_jwt') gaps.push(...(await keyGaps(auth)))
  return gaps
}

async function keyGaps({ privateKey, algorithm }: CernerSettings['auth']): Promise<Gap[]> {
  const place = 'auth.privateKey'
  try {
    const pem = await readPem(place, privateKey)
    if (pem === null) return [gap(place, 'the private key is empty')]
    const type = createPrivateKey(pem).asymmetricKeyType
    const wanted = algorithm === 'RS384' ? 'rsa' : 'ec'
    return type === wanted
      ? []
      : [gap(place, `the key is no ${wanted.toUpperCase()} key, as ${algorithm} needs`)]
  } catch {
    // Without its cause: a message of the parser could quote the key.
    return [gap(place, 'the private key cannot be read')]
  }
}

const SERVICES = ['person', 'scheduling', 'clinical', 'documents'] as const

function servicesGaps({ millennium }: CernerSettings): Gap[] {
  const on = SERVICES.some((service) => millennium[service])
  return on && servicesAddress(millennium) === ''
    ? [gap('millennium.base', 'services are switched on, and their address is empty')]
    : []
}

/** Read without fault, and still not what somebody can have meant. */
function oddities({ auth, pull, knownPatient, profile }: CernerSettings): string[] {
  const found: string[] = []
  if (/^\s|\s$/.test(auth.clientSecret)) found.push('The client secret begins or ends with a blank.')
  if (knownPatient !== '' && !isId(knownPatient)) found.push('The test patient is no FHIR id.')
  const schedule = pull.enabled && pull.resources.includes('Appointment')
  if (schedule && pull.locations.length + pull.practitioners.length === 0 && readsSchedule(profile))
    found.push('Neither locations nor practitioners are named, so appointments come of known patients only.')
  return found
}

const readsSchedule = (profile: CernerSettings['profile']): boolean =>
  PROFILES[profile].features.scheduling_read.state !== 'off'

const PROOFS = {
  client_secret_basic: 'client secret',
  private_key_jwt: 'key pair',
  none: 'client id alone',
} as const

function summary(settings: CernerSettings): string {
  const { fhir, auth, profile } = settings
  const road = fhir.base === '' ? 'Millennium services only' : `FHIR ${fhir.version}`
  return `${PROFILES[profile].label}, ${road}, tenant ${tenantOf(settings)}, proof by ${PROOFS[auth.method]}.`
}
