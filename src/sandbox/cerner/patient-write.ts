import { z } from 'zod'
import type { SyntheticPerson } from '../population.ts'
import { idIn, type Base, type Operation } from './base.ts'
import { codeable, moment, pointer, readBody, readByRule } from './bodies.ts'
import { codeSet, LANGUAGES, MARITAL_STATUS, OMB, US_CORE } from './codes.ts'
import type { Resource } from './contract.ts'
import { BOOKABLE } from './offers.ts'
import { ORGANIZATIONS } from './organizations.ts'
import { againstRule } from './outcomes.ts'
import { applied, checkAgainst, type PatchRule } from './patching.ts'
import {
  homeAddressId,
  identifierId,
  NO_EXTRAS,
  practitionerElementId,
  telecomIds,
  type Extras,
} from './patient-resource.ts'

/** What a write makes of a person: fields of the person, and what has no field. */
export interface PatientChange {
  readonly change: Partial<SyntheticPerson>
  readonly extras: Extras
}

const short = z.string().max(100)
const period = z.looseObject({ start: moment.optional(), end: moment.optional() }).optional()
const name = z.looseObject({
  use: z.string(),
  family: short.optional(),
  given: z.array(short).max(2).optional(),
  prefix: z.array(short).max(1).optional(),
  suffix: z.array(short).max(1).optional(),
  text: z.never().optional(),
  period,
})
const telecom = z.looseObject({
  id: z.string().optional(),
  system: z.string(),
  use: z.string(),
  value: short.min(1),
  period,
})
const place = z.looseObject({
  id: z.string().optional(),
  use: z.string(),
  line: z.array(short).optional(),
  city: short.optional(),
  district: short.optional(),
  state: short.optional(),
  postalCode: z.string().max(25).optional(),
  country: short.optional(),
  period,
})
const address = place.extend({ text: z.never().optional() })
const extension = z.looseObject({
  id: z.string().optional(),
  url: z.string(),
  valueCode: z.string().optional(),
  extension: z.array(z.looseObject({ url: z.string() })).optional(),
})
const otherIdentifier = z.looseObject({
  id: z.string().optional(),
  type: codeable,
  system: z.string(),
  value: z.string(),
  use: z.never().optional(),
  assigner: z.never().optional(),
  period,
})
const gender = z.enum(['female', 'male', 'other', 'unknown'])
const birthDate = z.iso.date()
const communication = z.array(z.looseObject({ language: codeable })).max(1)

const created = z.looseObject({
  active: z.literal(true).optional(),
  identifier: z.array(z.unknown()).min(1),
  name: z.array(name).min(1),
  telecom: z.array(telecom).optional(),
  address: z.array(address).optional(),
  gender: gender.optional(),
  birthDate: birthDate.optional(),
  maritalStatus: codeable.optional(),
  communication: communication.optional(),
  generalPractitioner: z.array(pointer).optional(),
  extension: z.array(extension).optional(),
})
const enrolment = z.strictObject({ assigner: pointer })

type Telecom = z.infer<typeof telecom>
type AddressBody = z.infer<typeof place>
type Extension = z.infer<typeof extension>

/** Fields of somebody of whom nothing is known yet. */
const BLANK = {
  middle: null,
  suffix: null,
  prefix: null,
  maiden: null,
  birthOrder: null,
  ssn: null,
  sex: 'U',
  race: { code: 'UNK', text: 'Unknown' },
  ethnicity: { code: 'UNK', text: 'Unknown' },
  language: { tag: 'en', iso639: 'ENG', text: 'English' },
  maritalStatus: 'S',
  religion: null,
  phoneHome: null,
  phoneMobile: null,
  phoneWork: null,
  email: null,
  coverage: [],
  nextOfKin: null,
  conditions: [],
  allergies: [],
  visitWeight: 0,
} as const satisfies Partial<SyntheticPerson>

/**
 * The person that a create describes; the hospital gives the numbers.
 *
 * @throws Refusal 400 when the first identifier is not the enrolling organization alone, 422 for a broken rule
 */
export function createPatient(base: Base, body: Resource): PatientChange {
  const identifiers = readBody(z.looseObject({ identifier: z.array(z.unknown()).min(1) }), body).identifier
  const [first, ...others] = identifiers
  const enrolled = idIn(readBody(enrolment, first).assigner, 'Organization')
  if (!ORGANIZATIONS.some((one) => one.id === enrolled)) throw againstRule('Patient.identifier[0].assigner')
  const more = others.map((one) => readBody(otherIdentifier, one))
  const read = readByRule(created, body)
  const official = read.name.filter((one) => one.use === 'official' && one.period?.end === undefined)
  const [current] = official
  if (current?.family === undefined || current.given?.[0] === undefined || official.length !== 1)
    throw againstRule('Patient.name')
  const split = splitMembers(base, null, {
    telecom: read.telecom ?? [],
    address: (read.address ?? []).filter(hasContent),
    extension: read.extension ?? [],
    generalPractitioner: read.generalPractitioner ?? [],
  })
  return {
    change: {
      ...BLANK,
      address: NO_ADDRESS,
      birthDate: '1900-01-01',
      ...split.change,
      ...nameChange(current),
      ...(read.birthDate === undefined ? {} : { birthDate: read.birthDate }),
      ...(read.gender === undefined ? {} : { sex: SEX[read.gender] }),
      ...maritalChange(read.maritalStatus).change,
      ...languageChange(base, read.communication?.[0]?.language).change,
    },
    extras: {
      ...split.extras,
      identifier: more.map((one) => ({ ...one, id: elementId(base, 'CI'), use: 'usual' })),
      members: {
        ...maritalChange(read.maritalStatus).members,
        ...languageChange(base, read.communication?.[0]?.language).members,
      },
    },
  }
}

const NO_ADDRESS = { line1: '', line2: null, city: '', state: '', postalCode: '', county: '' }
const SEX = { female: 'F', male: 'M', other: 'O', unknown: 'U' } as const
const hasContent = (one: AddressBody): boolean =>
  [one.line?.join(''), one.city, one.state, one.postalCode].some((part) => (part ?? '') !== '')

// --- patch ---

const ownId = (path: string): string => `${path.split('/').slice(0, 3).join('/')}/id`
const rule = (op: PatchRule['op'], path: RegExp, tested = false): PatchRule =>
  tested ? { op, path, test: ownId } : { op, path }

/** The paths that a patch of a Patient may take. @see cerner-fhir-r4.md §3.1 */
export const PATIENT_PATCHES: readonly PatchRule[] = [
  rule('add', /^\/(identifier|telecom|address|generalPractitioner|extension)\/-$/),
  rule('remove', /^\/(identifier|telecom|address|generalPractitioner|extension)\/\d+$/, true),
  rule('replace', /^\/identifier\/\d+\/(system|value|period)$/, true),
  rule('replace', /^\/name\/0\/(family|given|prefix|suffix|period)$/, true),
  rule('replace', /^\/telecom\/\d+\/(value|rank|extension|period)$/, true),
  rule('replace', /^\/address\/\d+\/(line|city|district|state|postalCode|country|period)$/, true),
  rule('replace', /^\/(gender|birthDate|maritalStatus|communication|extension)$/),
  rule('replace', /^\/extension\/\d+$/, true),
]

const patched = z.looseObject({
  identifier: z.array(z.looseObject({ id: z.string().optional() })),
  name: z.array(name.extend({ text: z.string().optional() })).min(1),
  telecom: z.array(telecom).optional(),
  address: z.array(place).optional(),
  gender,
  birthDate,
  maritalStatus: codeable.optional(),
  communication: communication.optional(),
  generalPractitioner: z.array(pointer).optional(),
  extension: z.array(extension).optional(),
})

/**
 * The person after a patch: what the person has a field for, and the rest.
 *
 * @throws Refusal 422 for a path or value that the table does not allow, or a `test` that fails
 */
export function patchPatient(
  base: Base,
  n: number,
  resource: Resource,
  operations: readonly Operation[],
  old: Extras,
): PatientChange {
  checkAgainst(PATIENT_PATCHES, operations)
  for (const one of operations) if (one.path === '/identifier/-') readByRule(otherIdentifier, one.value)
  const read = readByRule(patched, applied(resource, operations))
  const person = base.world.person(n)
  const touched = (member: string): boolean => operations.some((one) => one.path.startsWith(`/${member}`))
  const kept = new Set([identifierId(person, 0), identifierId(person, 1)])
  // The hospital's own numbers stay: the other roads find the person by them.
  if (![...kept].every((id) => read.identifier.some((one) => one.id === id))) throw againstRule('/identifier')
  if (operations.some((one) => /^\/identifier\/[01]\/(system|value)$/.test(one.path)))
    throw againstRule('/identifier')
  const split = splitMembers(base, person, {
    telecom: read.telecom ?? [],
    address: read.address ?? [],
    extension: read.extension ?? [],
    generalPractitioner: read.generalPractitioner ?? [],
  })
  const marital = touched('maritalStatus') ? maritalChange(read.maritalStatus) : NOTHING
  const language = touched('communication')
    ? languageChange(base, read.communication?.[0]?.language)
    : NOTHING
  const [current] = read.name
  return {
    change: {
      ...split.change,
      ...(touched('name') && current !== undefined ? nameChange(current) : {}),
      ...(touched('gender') ? { sex: SEX[read.gender] } : {}),
      ...(touched('birthDate') ? { birthDate: read.birthDate } : {}),
      ...marital.change,
      ...language.change,
    },
    extras: {
      ...split.extras,
      identifier: read.identifier.filter((one) => !kept.has(one.id ?? '')).map(withId(base, 'CI')),
      members: { ...dropped(old.members, marital, language), ...marital.members, ...language.members },
    },
  }
}

interface MemberChange {
  readonly change: Partial<SyntheticPerson>
  readonly members: Readonly<Record<string, unknown>>
  readonly of?: string
}
const NOTHING: MemberChange = { change: {}, members: {} }

const dropped = (
  members: Readonly<Record<string, unknown>>,
  ...changed: readonly MemberChange[]
): Record<string, unknown> => {
  const gone = changed.map((one) => one.of)
  return Object.fromEntries(Object.entries(members).filter(([key]) => !gone.includes(key)))
}

function nameChange(
  of:
    | z.infer<typeof name>
    | {
        family?: string | undefined
        given?: string[] | undefined
        prefix?: string[] | undefined
        suffix?: string[] | undefined
      },
): Partial<SyntheticPerson> {
  const { family, given, prefix, suffix } = of
  if (family === undefined || family === '' || given?.[0] === undefined) throw againstRule('Patient.name[0]')
  return {
    family,
    given: given[0],
    middle: given[1] ?? null,
    prefix: prefix?.[0] ?? null,
    suffix: suffix?.[0] ?? null,
  }
}

function maritalChange(of: z.infer<typeof codeable> | undefined): MemberChange {
  if (of === undefined) return NOTHING
  const codes = (of.coding ?? []).map((one) => one.code)
  const known = (['S', 'M', 'D', 'W'] as const).find(
    (code) => codes.includes(code) || codes.includes(MARITAL_STATUS[code].code),
  )
  return known === undefined
    ? { change: {}, members: { maritalStatus: of }, of: 'maritalStatus' }
    : { change: { maritalStatus: known }, members: {}, of: 'maritalStatus' }
}

function languageChange(base: Base, of: z.infer<typeof codeable> | undefined): MemberChange {
  if (of === undefined) return NOTHING
  const system = codeSet(base.tenant, 36)
  const found = Object.entries(LANGUAGES).find(([tag, known]) =>
    (of.coding ?? []).some((one) => one.code === tag || (one.system === system && one.code === known.code)),
  )
  if (found === undefined)
    return {
      change: {},
      members: { communication: [{ language: of, preferred: true }] },
      of: 'communication',
    }
  const [tag, known] = found
  return {
    change: { language: { tag, iso639: known.iso639, text: known.display } },
    members: {},
    of: 'communication',
  }
}

interface Members {
  readonly telecom: readonly Telecom[]
  readonly address: readonly AddressBody[]
  readonly extension: readonly Extension[]
  readonly generalPractitioner: readonly z.infer<typeof pointer>[]
}

/** Sorts repeated members into the fields of a person and the rest. Without a person the first of each kind counts. */
function splitMembers(base: Base, person: SyntheticPerson | null, members: Members): PatientChange {
  const phones = splitTelecom(base, person, members.telecom)
  const places = splitAddress(base, person, members.address)
  const origins = splitExtensions(base, members.extension)
  const doctors = splitPractitioners(base, person, members.generalPractitioner)
  return {
    change: { ...phones.change, ...places.change, ...origins.change, ...doctors.change },
    extras: {
      ...NO_EXTRAS,
      telecom: phones.rest,
      address: places.rest,
      extension: origins.rest,
      generalPractitioner: doctors.rest,
    },
  }
}

interface Split {
  readonly change: Partial<SyntheticPerson>
  readonly rest: readonly unknown[]
}

const FIELDS = [
  ['phoneHome', 'phone', 'home'],
  ['phoneMobile', 'phone', 'mobile'],
  ['phoneWork', 'phone', 'work'],
  ['email', 'email', null],
] as const

function splitTelecom(base: Base, person: SyntheticPerson | null, given: readonly Telecom[]): Split {
  const change: Partial<Record<(typeof FIELDS)[number][0], string | null>> = {}
  const taken = new Set<Telecom>()
  for (const [field, system, use] of FIELDS) {
    const id = person === null ? null : telecomIds(person)[field]
    const same = (one: Telecom): boolean => one.system === system && (use === null || one.use === use)
    // A number keeps its field; a field that is empty takes the first number of its kind.
    const one =
      given.find((each) => id !== null && each.id === id) ??
      given.find((each) => same(each) && !taken.has(each) && !isGenerated(person, each.id))
    const value = one === undefined ? null : system === 'email' ? one.value : e164(one.value)
    change[field] = value
    if (one !== undefined && value !== null) taken.add(one)
  }
  return { change, rest: given.filter((one) => !taken.has(one)).map(withId(base, 'CI-PH')) }
}

const isGenerated = (person: SyntheticPerson | null, id: string | undefined): boolean =>
  person !== null && Object.values<string | undefined>(telecomIds(person)).includes(id)

function e164(value: string): string | null {
  const digits = value.replace(/\D/g, '')
  if (digits.length === 10) return `+1${digits}`
  return digits.length === 11 && digits.startsWith('1') ? `+${digits}` : null
}

function splitAddress(base: Base, person: SyntheticPerson | null, given: readonly AddressBody[]): Split {
  const home =
    person === null
      ? (given.find((one) => one.use === 'home') ?? given[0])
      : (given.find((one) => one.id === homeAddressId(person)) ?? given.find((one) => one.use === 'home'))
  const rest = given.filter((one) => one !== home).map(withId(base, 'CI'))
  if (home === undefined) return { change: { address: NO_ADDRESS }, rest }
  const { line, city = '', district = '', state = '', postalCode = '' } = home
  const [line1 = '', ...more] = line ?? []
  const line2 = more.length === 0 ? null : more.join(', ')
  return { change: { address: { line1, line2, city, county: district, state, postalCode } }, rest }
}

const ORIGIN: Readonly<Record<string, 'race' | 'ethnicity'>> = {
  [`${US_CORE}/us-core-race`]: 'race',
  [`${US_CORE}/us-core-ethnicity`]: 'ethnicity',
}

function splitExtensions(base: Base, given: readonly Extension[]): Split {
  const change: { race?: SyntheticPerson['race']; ethnicity?: SyntheticPerson['ethnicity'] } = {}
  const rest: Extension[] = []
  for (const one of given) {
    const field = ORIGIN[one.url]
    const coded = field === undefined ? null : ombOf(one)
    if (field !== undefined && coded !== null) change[field] = coded
    // Birth sex is the person's administrative sex here; the hospital tells no two apart.
    else if (one.url !== `${US_CORE}/us-core-birthsex`) rest.push(one)
  }
  return { change, rest: rest.map(withId(base, '')) }
}

function ombOf(of: Extension): SyntheticPerson['race'] | null {
  const category = of.extension?.find((one) => one.url === 'ombCategory')
  const text = of.extension?.find((one) => one.url === 'text')?.['valueString']
  const coding = z
    .looseObject({ system: z.string().optional(), code: z.string(), display: z.string().optional() })
    .safeParse(category?.['valueCoding'])
  if (!coding.success || (coding.data.system ?? OMB) !== OMB) return null
  const { code, display } = coding.data
  return { code, text: typeof text === 'string' ? text : (display ?? code) }
}

function splitPractitioners(
  base: Base,
  person: SyntheticPerson | null,
  given: Members['generalPractitioner'],
): Split {
  const own = given.find((one) => person !== null && one['id'] === practitionerElementId(person)) ?? given[0]
  const id = idIn(own, 'Practitioner')
  const known = BOOKABLE.find((one) => one.id === id)
  const rest = given.filter((one) => one !== own || known === undefined).map(withId(base, 'CI'))
  // A person without a doctor of this practice has none on any road.
  return { change: { primaryProvider: known?.id ?? '' }, rest }
}

const elementId = (base: Base, prefix: string): string =>
  `${prefix === '' ? '' : `${prefix}-`}${990_000_000 + base.overlay.nextNumber()}${prefix === '' ? '' : '-0'}`

const withId =
  (base: Base, prefix: string) =>
  (one: object): object =>
    'id' in one && typeof one.id === 'string' ? one : { ...one, id: elementId(base, prefix) }
