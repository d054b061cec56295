import type { CernerTab } from '../../router.tsx'
import type { JsonSchema } from './json-schema.ts'

export interface Section {
  title: string
  /** Places of settings, in the order they are filled in. */
  places: readonly string[]
}
/** Where each setting of a Cerner connection stands. What stands nowhere is shown under Advanced, More. */
// prettier-ignore
export const SECTIONS: Readonly<Record<Exclude<CernerTab, 'pulls'>, readonly Section[]>> = {
  connection: [
    { title: 'Where Cerner is', places: ['fhir.base', 'fhir.version', 'fhir.tokenUrl', 'fhir.authorizeUrl'] },
    { title: 'Who we are to Cerner', places: ['auth.method', 'auth.clientId', 'auth.clientSecret', 'auth.privateKey', 'auth.keyId', 'auth.algorithm', 'auth.scopeVersion', 'auth.scopes'] },
    { title: 'Opening from PowerChart', places: ['launch.enabled', 'launch.clientId', 'launch.clientSecret', 'launch.scopes'] },
  ],
  services: [
    { title: 'Cerner version', places: ['profile'] },
    { title: 'Millennium web services', places: ['millennium.base', 'millennium.tokenUrl', 'millennium.transport', 'millennium.person', 'millennium.scheduling', 'millennium.clinical', 'millennium.documents', 'millennium.soap'] },
    { title: 'Road of each action', places: ['roads'] },
  ],
  pulling: [
    { title: 'How often', places: ['pull.enabled', 'pull.appointmentsEverySeconds', 'pull.chartEverySeconds', 'pull.overlapSeconds'] },
    { title: 'What', places: ['pull.resources', 'pull.observationCategories'] },
    { title: 'How far', places: ['pull.daysBack', 'pull.daysAhead', 'pull.chartYearsBack', 'pull.locations', 'pull.practitioners'] },
    { title: 'First load and compare', places: ['pull.group', 'pull.compareNightlyAt'] },
  ],
  rules: [
    { title: 'When both sides change the same field', places: ['rules.appointment', 'rules.patient', 'rules.fields'] },
  ],
  advanced: [
    { title: 'Limits', places: ['limits.concurrency', 'limits.requestsPerSecond', 'limits.connectTimeoutMs', 'limits.answerTimeoutMs', 'limits.answerMegabytes', 'limits.retries'] },
    { title: 'TLS', places: ['tls.ca'] },
    { title: 'Times', places: ['timeZones', 'zone', 'country'] },
    { title: 'Names of identifiers', places: ['appointmentAuthority', 'visitAuthority', 'authorityAliases'] },
    { title: 'Codes', places: ['codeTranslations'] },
    { title: 'Booking and registering', places: ['bookable', 'enrolAt'] },
    { title: 'Test', places: ['knownPatient'] },
  ],
}

/** Every setting that a form can draw, two levels deep: `profile`, `fhir.base`, `millennium.soap`. */
export const placesOf = (schema: JsonSchema): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, part]) =>
    part.properties === undefined ? [key] : Object.keys(part.properties).map((inner) => `${key}.${inner}`),
  )

const PLACED = Object.values(SECTIONS).flatMap((sections) => sections.flatMap(({ places }) => places))
/** Settings of a newer engine that have no place of their own yet. */
export const unplaced = (schema: JsonSchema): string[] =>
  placesOf(schema).filter((place) => !PLACED.includes(place))

const within = (place: string, outer: string): boolean => place === outer || place.startsWith(`${outer}.`)
/** The tab on which a place stands, such as `pull.resources` or `limits.retries`. */
export function tabOf(place: string): CernerTab {
  const found = (Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]).find((tab) =>
    SECTIONS[tab].some(({ places }) => places.some((outer) => within(place, outer))),
  )
  return found ?? 'advanced'
}

// prettier-ignore
export const CHOICE_WORDS: Readonly<Record<string, string>> = {
  client_secret_basic: 'A client secret', private_key_jwt: 'A key pair (private_key_jwt)', none: 'Nothing (open sandbox, read only)',
  cerner: 'Cerner is right', studio: 'Practice Studio is right', newest: 'The newest is right', ask: 'Ask a person',
  rest: 'REST', soap11: 'SOAP 1.1', soap12: 'SOAP 1.2', fhir: 'FHIR', millennium: 'Millennium service', off: 'Off',
  laboratory: 'Laboratory', 'vital-signs': 'Vital signs', 'social-history': 'Social history',
}
