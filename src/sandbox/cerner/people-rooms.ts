import { CLERKS, HOSPITALISTS, PROVIDERS, type Provider } from '../staff.ts'
import { instant, meta, narrative, reference, type Base, type Room } from './base.ts'
import { CERNER_DEFINITION, codeSet, NPI_SYSTEM, PRSNL_SYSTEM, TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { GUIDE_PROVIDER } from './guide-people.ts'
import { HOSPITAL_ORGANIZATION, ORGANIZATIONS, PRACTICE_ORGANIZATION } from './organizations.ts'
import { invalidRequest } from './outcomes.ts'
import { rule } from './parameters.ts'
import { folded, tenDigits } from './patient-index.ts'
import { providerName } from './patient-resource.ts'
import { HOSPITAL_LOCATION, PLACES, type Place } from './stays.ts'
import type { Query } from './query.ts'

/** Who works here, and where: the same for as long as the sandbox stands. @see cerner-fhir-r4.md §3.7 */

const SINCE = Date.UTC(2020, 0, 6, 14)

interface Prsnl {
  readonly id: string
  readonly family: string
  readonly given: string
  readonly provider: Provider | null
}

const STAFF: readonly Prsnl[] = [
  ...[...PROVIDERS, GUIDE_PROVIDER, ...HOSPITALISTS].map((provider) => ({
    id: provider.id,
    family: provider.family,
    given: provider.given,
    provider,
  })),
  ...CLERKS.map((one) => ({ ...one, provider: null })),
]

export const PRACTITIONER_SEARCH = rule(
  'Practitioner',
  '_id identifier family given name active _count',
  ['_id', 'identifier', 'family', 'name', 'active'],
  { otherwise: 100, most: 100 },
)

export const practitionerRoom = (base: Base): Room => ({
  type: 'Practitioner',
  verbs: ['read', 'search'],
  search: PRACTITIONER_SEARCH,
  read: (id) =>
    still(
      STAFF.find((one) => one.id === id),
      (one) => practitionerResource(base.tenant, one),
    ),
  find: (query) => STAFF.filter(staffWanted(query)).map(({ id }) => id),
})

const still = <T>(found: T | undefined, make: (found: T) => Resource): Versioned | null =>
  found === undefined ? null : { resource: make(found), version: '1', lastUpdated: SINCE }

function staffWanted(query: Query): (one: Prsnl) => boolean {
  const [family, given, name] = [query.one('family'), query.one('given'), query.one('name')]
  if (given !== null && family === null) throw invalidRequest()
  for (const text of [family, name]) if (text !== null && text.length < 2) throw invalidRequest()
  const [token] = query.tokens('identifier') ?? []
  if (token !== undefined && (token.system === null || token.code === '')) throw invalidRequest()
  const active = query.one('active')
  const starts = (have: string, want: string | null): boolean =>
    want === null || folded(have).startsWith(folded(want))
  return (one) =>
    starts(one.family, family) &&
    starts(one.given, given) &&
    (name === null || starts(one.family, name) || starts(one.given, name)) &&
    (active === null || active === 'true') &&
    (token === undefined ||
      (token.system === NPI_SYSTEM && one.provider?.npi === token.code) ||
      (token.system === PRSNL_SYSTEM && one.id === token.code))
}

function practitionerResource(tenant: string, { id, family, given, provider }: Prsnl): Resource {
  const text = provider === null ? `${family}, ${given}` : providerName(provider)
  const npi =
    provider === null
      ? []
      : [
          {
            use: 'usual',
            type: {
              coding: [
                { system: `${TERMINOLOGY}/v2-0203`, code: 'NPI', display: 'National provider identifier' },
              ],
              text: 'National Provider Identifier',
            },
            system: NPI_SYSTEM,
            value: provider.npi,
            period: { start: instant(SINCE) },
          },
        ]
  return {
    resourceType: 'Practitioner',
    id,
    meta: meta('1', SINCE),
    text: narrative('Practitioner', [
      ['Name', text],
      ['Status', 'Active'],
    ]),
    extension: [{ valueBoolean: provider !== null, url: `${CERNER_DEFINITION}/is-physician` }],
    identifier: [
      ...npi,
      {
        use: 'usual',
        type: { text: 'External Identifier' },
        system: PRSNL_SYSTEM,
        value: id,
        period: { start: instant(SINCE) },
      },
    ],
    active: true,
    name: [
      {
        use: 'usual',
        text,
        family,
        given: [given],
        ...(provider === null ? {} : { suffix: [provider.degree] }),
        period: { start: instant(SINCE) },
      },
    ],
    ...(provider === null ? {} : { qualification: [qualificationOf(tenant, provider)] }),
  }
}

const qualificationOf = (tenant: string, { degree, specialty }: Provider): unknown => ({
  code: {
    coding: [
      {
        system: codeSet(tenant, 29600),
        code: `6770${degree.length}${degree.charCodeAt(0)}`,
        display: degree,
        userSelected: true,
      },
    ],
    text: `${degree}, ${specialty}`,
  },
  period: { start: instant(SINCE) },
})

// --- places ---

export const LOCATION_SEARCH = rule(
  'Location',
  '_id -physicalType type identifier address address-city address-state address-postalcode name organization _count',
  ['_id', '-physicalType', 'type', 'address', 'address-city', 'address-state', 'address-postalcode'],
  { otherwise: 100, most: 100 },
)

export const locationRoom = (base: Base): Room => ({
  type: 'Location',
  verbs: ['read', 'search'],
  search: LOCATION_SEARCH,
  read: (id) =>
    still(
      PLACES.find((one) => one.id === id),
      (one) => locationResource(base.tenant, one),
    ),
  find: (query) => PLACES.filter(placeWanted(query)).map(({ id }) => id),
})

/** Physical type and type by kind: standard code, display, and code set 222. */
const KINDS = {
  facility: ['bu', 'Building', '783', 'Facility(s)', 'HOSP', 'Hospital'],
  building: ['bu', 'Building', '778', 'Building(s)', 'HOSP', 'Hospital'],
  ambulatory: ['wi', 'Wing', '772', 'Ambulatory(s)', 'OUTPHARM', 'Outpatient facility'],
  'nurse-unit': ['wa', 'Ward', '794', 'Nurse Unit(s)', 'HU', 'Hospital unit'],
} as const

function placeWanted(query: Query): (one: Place) => boolean {
  const physical = query.tokens('-physicalType')
  const type = query.tokens('type')
  const [city, state, zip] = [
    query.one('address-city'),
    query.one('address-state'),
    query.one('address-postalcode'),
  ]
  if (city !== null && state === null && zip === null) throw invalidRequest()
  const [address, name] = [query.one('address'), query.one('name')]
  const organization = query.references('organization', 'Organization')
  const same = (have: string, want: string | null): boolean =>
    want === null || folded(have).startsWith(folded(want))
  return (one) => {
    const [bu, , cs, , role] = KINDS[one.kind]
    const at = addressOf(one)
    return (
      (physical === null || physical.some(({ code }) => code === bu || code === cs)) &&
      (type === null || type.some(({ code }) => code === role || code === cs)) &&
      same(at.city, city) &&
      same(at.state, state) &&
      same(at.postalCode, zip) &&
      (address === null || folded(Object.values(at).join(' ')).includes(folded(address))) &&
      same(one.name, name) &&
      (organization === null || organization.includes(organizationOf(one).id))
    )
  }
}

const isOfPractice = (one: Place): boolean => one.partOf !== HOSPITAL_LOCATION && one.id !== HOSPITAL_LOCATION
const organizationOf = (one: Place): typeof HOSPITAL_ORGANIZATION =>
  isOfPractice(one) ? PRACTICE_ORGANIZATION : HOSPITAL_ORGANIZATION
const NOWHERE = { line1: '', city: '', state: '', postalCode: '' }
const addressOf = (one: Place): typeof NOWHERE =>
  one.clinic?.address ?? organizationOf(one).address ?? NOWHERE

function locationResource(tenant: string, place: Place): Resource {
  const [code, display, own, says, role, roleSays] = KINDS[place.kind]
  const { line1, city, state, postalCode } = addressOf(place)
  const site = { system: codeSet(tenant, 222), code: own, display: says, userSelected: true }
  const organization = organizationOf(place)
  return {
    resourceType: 'Location',
    id: place.id,
    meta: meta('1', SINCE),
    text: narrative('Location', [
      ['Name', place.name],
      ['Status', 'Active'],
    ]),
    status: 'active',
    name: place.name,
    ...(place.clinic === null ? {} : { alias: [place.clinic.pointOfCare] }),
    mode: 'instance',
    type: [
      {
        coding: [site, { system: `${TERMINOLOGY}/v3-RoleCode`, code: role, display: roleSays }],
        text: says,
      },
    ],
    ...(place.clinic === null
      ? {}
      : { telecom: [{ system: 'phone', value: tenDigits(place.clinic.phone), use: 'work' }] }),
    address: {
      text: `${line1}\n${city}, ${state} ${postalCode}\nUS`,
      line: [line1],
      city,
      state,
      postalCode,
      country: 'US',
    },
    physicalType: {
      coding: [site, { system: `${TERMINOLOGY}/location-physical-type`, code, display }],
      text: says,
    },
    managingOrganization: reference('Organization', organization.id, organization.name),
    ...(place.partOf === null ? {} : { partOf: reference('Location', place.partOf) }),
  }
}

// --- organizations ---

export const ORGANIZATION_SEARCH = rule('Organization', '_id identifier type name address _count', [], {
  otherwise: 100,
  most: 100,
})

export const organizationRoom = (base: Base): Room => ({
  type: 'Organization',
  verbs: ['read', 'search'],
  search: ORGANIZATION_SEARCH,
  read: (id) =>
    still(
      ORGANIZATIONS.find((one) => one.id === id),
      (one) => organizationResource(base.tenant, one),
    ),
  find(query) {
    const [name, address] = [query.one('name'), query.one('address')]
    const type = query.tokens('type')
    if (query.has('identifier')) return []
    return ORGANIZATIONS.filter(
      (one) =>
        (name === null || folded(one.name).startsWith(folded(name))) &&
        (address === null ||
          folded(Object.values(one.address ?? NOWHERE).join(' ')).includes(folded(address))) &&
        (type === null || type.some(({ code }) => code === one.type.code || code === one.type.standard)),
    ).map(({ id }) => id)
  },
})

function organizationResource(tenant: string, of: (typeof ORGANIZATIONS)[number]): Resource {
  const { code, display, standard } = of.type
  const own = { system: codeSet(tenant, 278), code, display, userSelected: true }
  const mapped =
    standard === null ? [] : [{ system: `${TERMINOLOGY}/organization-type`, code: standard, display }]
  return {
    resourceType: 'Organization',
    id: of.id,
    meta: meta('1', SINCE),
    text: narrative('Organization', [
      ['Name', of.name],
      ['Status', 'Active'],
    ]),
    active: true,
    type: [{ coding: [own, ...mapped], text: display }],
    name: of.name,
    ...(of.phone === null ? {} : { telecom: [{ system: 'phone', value: tenDigits(of.phone), use: 'work' }] }),
    ...(of.address === null
      ? {}
      : {
          address: [
            {
              use: 'work',
              text: `${of.address.line1}\n${of.address.city}, ${of.address.state} ${of.address.postalCode}\nUS`,
              line: [of.address.line1],
              city: of.address.city,
              state: of.address.state,
              postalCode: of.address.postalCode,
              country: 'US',
            },
          ],
        }),
  }
}
