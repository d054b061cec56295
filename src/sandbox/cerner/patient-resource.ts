import type { SyntheticPerson } from '../population.ts'
import type { Provider } from '../staff.ts'
import { instant, meta, narrative, reference } from './base.ts'
import {
  ALIAS,
  CMRN_SYSTEM,
  concept,
  LANGUAGES,
  MARITAL_STATUS,
  MRN_SYSTEM,
  OMB,
  standardConcept,
  TERMINOLOGY,
  US_CORE,
  type Concept,
} from './codes.ts'
import type { Resource } from './contract.ts'
import { tenDigits } from './patient-index.ts'
import { HOSPITAL_ORGANIZATION } from './organizations.ts'

/** What was written about a patient beyond the fields that a person of the population has. */
export interface Extras {
  readonly identifier: readonly unknown[]
  readonly telecom: readonly unknown[]
  readonly address: readonly unknown[]
  readonly extension: readonly unknown[]
  readonly generalPractitioner: readonly unknown[]
  /** Whole members in place of the generated ones. */
  readonly members: Readonly<Record<string, unknown>>
}

export const NO_EXTRAS: Extras = {
  identifier: [],
  telecom: [],
  address: [],
  extension: [],
  generalPractitioner: [],
  members: {},
}

export interface PatientFacts {
  readonly person: SyntheticPerson
  readonly tenant: string
  readonly extras: Extras
  readonly since: number
  readonly version: string
  readonly lastUpdated: number
  readonly provider: Provider | null
  readonly kin: SyntheticPerson | null
}

export const GENDER = { F: 'female', M: 'male', O: 'other', U: 'unknown' } as const

/** A person as FHIR R4 Patient in Cerner's shape. @see cerner-fhir-r4.md §3.1 */
export function patientResource(facts: PatientFacts): Resource {
  const { person, tenant, extras } = facts
  const period = { start: instant(facts.since) }
  return {
    resourceType: 'Patient',
    id: person.personId,
    meta: meta(facts.version, facts.lastUpdated),
    text: narrative('Patient', [
      ['Name', shownName(person)],
      ['Status', 'Active'],
      ['DOB', person.birthDate],
      ['Administrative Gender', GENDER[person.sex]],
      ['Marital Status', MARITAL_STATUS[person.maritalStatus].display],
    ]),
    extension: [...extensionsOf(person), ...extras.extension],
    identifier: [...identifiersOf(facts, period), ...extras.identifier],
    active: true,
    name: namesOf(person, period),
    telecom: [...telecomOf(person, period), ...extras.telecom],
    gender: GENDER[person.sex],
    birthDate: person.birthDate,
    ...(person.birthOrder === null ? {} : { multipleBirthInteger: person.birthOrder }),
    deceasedBoolean: false,
    address: [homeAddress(person, period), ...extras.address],
    maritalStatus: concept(tenant, 38, MARITAL_STATUS[person.maritalStatus]),
    ...contactOf(facts),
    communication: [{ language: languageOf(tenant, person), preferred: true }],
    generalPractitioner: [...practitionersOf(facts), ...extras.generalPractitioner],
    managingOrganization: reference('Organization', HOSPITAL_ORGANIZATION.id, HOSPITAL_ORGANIZATION.name),
    ...extras.members,
  }
}

/** A record that was merged into another. @see cerner-fhir-r4.md §1.6 */
export const combinedPatient = (person: SyntheticPerson, into: string, at: number): Resource => ({
  resourceType: 'Patient',
  id: person.personId,
  meta: meta('1', at),
  active: false,
  link: [{ other: reference('Patient', into), type: 'replaced-by' }],
})

/** `DOE, JANE Q` as the display of every reference says it. */
export const shownName = ({ family, given, middle }: SyntheticPerson): string =>
  `${family}, ${given}${middle === null ? '' : ` ${middle}`}`

function extensionsOf(person: SyntheticPerson): unknown[] {
  const omb = (url: string, { code, text }: SyntheticPerson['race']): unknown => ({
    extension: [
      { valueCoding: { system: OMB, code, display: text, userSelected: false }, url: 'ombCategory' },
      { valueString: text, url: 'text' },
    ],
    url: `${US_CORE}/${url}`,
  })
  const birthSex = person.sex === 'F' || person.sex === 'M' ? person.sex : 'UNK'
  return [
    { valueCode: birthSex, url: `${US_CORE}/us-core-birthsex` },
    omb('us-core-race', person.race),
    omb('us-core-ethnicity', person.ethnicity),
  ]
}

export const identifierId = (person: SyntheticPerson, place: number): string =>
  `CI-${person.personId}${place + 1}-${place}`

function identifiersOf({ person, tenant }: PatientFacts, period: unknown): unknown[] {
  const rendered = { extension: [{ valueString: person.mrn.padStart(11, '0'), url: RENDERED }] }
  return [
    {
      id: identifierId(person, 0),
      use: 'usual',
      type: concept(tenant, 4, ALIAS.MRN),
      system: MRN_SYSTEM,
      value: person.mrn,
      _value: rendered,
      period,
    },
    {
      id: identifierId(person, 1),
      use: 'usual',
      type: concept(tenant, 4, ALIAS.CMRN),
      system: CMRN_SYSTEM,
      value: person.cmrn,
      period,
    },
  ]
}

const RENDERED = 'http://hl7.org/fhir/StructureDefinition/rendered-value'

function namesOf(person: SyntheticPerson, period: unknown): unknown[] {
  const parts = {
    ...(person.prefix === null ? {} : { prefix: [person.prefix] }),
    ...(person.suffix === null ? {} : { suffix: [person.suffix] }),
  }
  const given = [person.given, ...(person.middle === null ? [] : [person.middle])]
  const official = {
    id: `CI-${person.personId}-0`,
    use: 'official',
    text: shownName(person),
    family: person.family,
    given,
    ...parts,
    period,
  }
  if (person.maiden === null) return [official]
  const maiden = { text: `${person.maiden}, ${person.given}`, family: person.maiden, given: [person.given] }
  return [official, { id: `CI-${person.personId}9-0`, use: 'maiden', ...maiden }]
}

/** Sub-element ids tell later which number a patch changes. */
export const telecomIds = (person: SyntheticPerson) =>
  ({
    phoneHome: `CI-PH-${person.personId}1-0`,
    phoneMobile: `CI-PH-${person.personId}2-0`,
    phoneWork: `CI-PH-${person.personId}3-0`,
    email: `CI-EM-${person.personId}4-0`,
  }) as const

function telecomOf(person: SyntheticPerson, period: unknown): unknown[] {
  const ids = telecomIds(person)
  const phone = (id: string, value: string | null, use: string): unknown[] =>
    value === null ? [] : [{ id, system: 'phone', value: tenDigits(value), use, rank: 1, period }]
  const email = person.email
  return [
    ...phone(ids.phoneHome, person.phoneHome, 'home'),
    ...phone(ids.phoneMobile, person.phoneMobile, 'mobile'),
    ...phone(ids.phoneWork, person.phoneWork, 'work'),
    ...(email === null
      ? []
      : [{ id: ids.email, system: 'email', value: email, use: 'home', rank: 1, period }]),
  ]
}

export const homeAddressId = (person: SyntheticPerson): string => `CI-${person.personId}5-0`

function homeAddress(person: SyntheticPerson, period: unknown): unknown {
  const { line1, line2, city, state, postalCode, county } = person.address
  const line = line2 === null ? [line1] : [line1, line2]
  return {
    id: homeAddressId(person),
    use: 'home',
    text: `${line.join('\n')}\n${city}, ${state} ${postalCode}\nUS`,
    line,
    city,
    district: county,
    state,
    postalCode,
    country: 'US',
    period,
  }
}

const RELATIONS = {
  SPO: ['SPS', 'spouse'],
  FTH: ['FTH', 'father'],
  MTH: ['MTH', 'mother'],
  CHD: ['CHILD', 'child'],
  PAR: ['PRN', 'parent'],
  FND: ['FRND', 'unrelated friend'],
} as const

function contactOf({ person, kin }: PatientFacts): { contact?: unknown[] } {
  if (kin === null || person.nextOfKin === null) return {}
  const [code, display] = RELATIONS[person.nextOfKin.relation]
  const number = kin.phoneMobile ?? kin.phoneHome
  const name = { use: 'official', text: shownName(kin), family: kin.family, given: [kin.given] }
  const phone =
    number === null ? {} : { telecom: [{ system: 'phone', value: tenDigits(number), use: 'home' }] }
  const emergency = standardConcept(`${TERMINOLOGY}/v2-0131`, 'C', 'Emergency Contact')
  return {
    contact: [
      {
        id: `CI-${person.personId}6-0`,
        relationship: [emergency, standardConcept(`${TERMINOLOGY}/v3-RoleCode`, code, display)],
        name,
        ...phone,
        gender: GENDER[kin.sex],
      },
    ],
  }
}

function languageOf(tenant: string, { language }: SyntheticPerson): Concept {
  const known = LANGUAGES[language.tag]
  return known === undefined
    ? standardConcept('urn:ietf:bcp:47', language.tag, language.text)
    : concept(tenant, 36, known)
}

export const practitionerElementId = (person: SyntheticPerson): string => `CI-${person.personId}7-0`

const practitionersOf = ({ person, provider }: PatientFacts): unknown[] =>
  provider === null
    ? []
    : [
        {
          id: practitionerElementId(person),
          ...reference('Practitioner', provider.id, providerName(provider)),
        },
      ]

/** `JOHNSON, JANE MD`. */
export const providerName = ({ family, given, degree }: Provider): string => `${family}, ${given} ${degree}`
