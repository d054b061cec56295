import type { FieldInput, RepetitionInput, SegmentInput } from '../standards/hl7v2/build.ts'
import type { Visit } from './events.ts'
import type { Coverage } from './coverage.ts'
import type { SyntheticPerson } from './population.ts'
import { PROVIDERS, type Provider } from './staff.ts'
import { date, phoneText, repeat, segment, shown, timestamp, type WireStyle } from './wire.ts'

/** PID for a person, with the account of the visit where there is one. `changedAt` fills PID-33. */
export function pid(
  style: WireStyle,
  person: SyntheticPerson,
  visit: Visit | null,
  changedAt?: number,
): SegmentInput {
  const old = style.version === '2.3'
  return segment('PID', {
    1: '1',
    3: identifiers(style, person),
    5: old ? nameOf(style, person) : repeat(names(style, person)),
    7: date(person.birthDate),
    8: person.sex,
    10: old ? person.race.text : [person.race.code, person.race.text, 'CDCREC'],
    11: address(style, person.address),
    12: old ? shown(style, person.address.county) : undefined,
    13: phones(style, person),
    14: person.phoneWork === null ? undefined : phone(style, person.phoneWork, 'WPN', 'PH'),
    15: old ? person.language.iso639 : [person.language.iso639, person.language.text, 'ISO639'],
    16: old ? person.maritalStatus : [person.maritalStatus, '', 'HL70002'],
    17: person.religion ?? undefined,
    18: visit === null ? undefined : [visit.fin, '', '', 'CERNER', 'FIN NBR'],
    19: person.ssn ?? undefined,
    22: old ? person.ethnicity.text : [person.ethnicity.code, person.ethnicity.text, 'CDCREC'],
    24: person.birthOrder === null ? undefined : 'Y',
    25: person.birthOrder ?? undefined,
    33: old || changedAt === undefined ? undefined : timestamp(style, changedAt),
  })
}

function identifiers(style: WireStyle, person: SyntheticPerson): FieldInput {
  const mrn = [person.mrn, '', '', 'CERNER', 'MRN']
  const cmrn = [person.cmrn, '', '', 'COMMUNITY', 'CMRN']
  return style.version === '2.3'
    ? repeat([mrn, cmrn])
    : repeat([mrn, cmrn, [person.personId, '', '', 'MILLENNIUM', 'PI']])
}

const nameOf = (style: WireStyle, person: SyntheticPerson): string[] =>
  [person.family, person.given, person.middle ?? '', person.suffix ?? '', person.prefix ?? ''].map((part) =>
    shown(style, part),
  )

function names(style: WireStyle, person: SyntheticPerson): RepetitionInput[] {
  const legal = [...nameOf(style, person), '', 'L']
  return person.maiden === null ? [legal] : [legal, [person.maiden, person.given, '', '', '', '', 'M']]
}

/** `line1 ^ line2 ^ city ^ state ^ zip ^ country ^ use ^ ^ county`. */
export function address(style: WireStyle, of: SyntheticPerson['address']): string[] {
  const parts = [of.line1, of.line2 ?? '', of.city, of.state].map((part) => shown(style, part))
  return [...parts, of.postalCode, 'USA', style.version === '2.3' ? '' : 'H', '', shown(style, of.county)]
}

function phones(style: WireStyle, person: SyntheticPerson): FieldInput {
  const list: RepetitionInput[] = []
  if (person.phoneHome !== null) list.push(phone(style, person.phoneHome, 'PRN', 'PH'))
  if (person.phoneMobile !== null) list.push(phone(style, person.phoneMobile, 'PRN', 'CP'))
  if (person.email !== null) list.push(['', 'NET', 'Internet', person.email])
  return repeat(list)
}

function phone(style: WireStyle, e164: string, use: string, equipment: string): string[] {
  if (style.version === '2.3')
    return equipment === 'CP' ? [phoneText(e164), use, equipment] : [phoneText(e164)]
  return [phoneText(e164), use, equipment, '', '1', e164.slice(2, 5), e164.slice(5)]
}

/** A provider as XCN; the guide's sample has authority and type one place off (XCN-8 and 12). */
export function provider(style: WireStyle, of: Provider): FieldInput {
  if (style.version === '2.3')
    return [of.id, of.family, of.given, '', '', '', '', 'CERNER', '', '', '', 'PROVID']
  const name = [of.family, of.given, '', '', '', of.degree, '']
  return repeat([
    [of.id, ...name, 'CERNER', 'L', '', '', 'PRSNL ID'],
    [of.npi, ...name, 'NPI', 'L', '', '', 'NPI'],
  ])
}

export function pd1(style: WireStyle, person: SyntheticPerson): SegmentInput | null {
  const primary = PROVIDERS.find((one) => one.id === person.primaryProvider)
  return primary === undefined || style.version === '2.3'
    ? null
    : segment('PD1', { 4: provider(style, primary) })
}

/** The next of kin, where the household has one. */
export function nk1(
  style: WireStyle,
  person: SyntheticPerson,
  kin: SyntheticPerson | null,
): SegmentInput | null {
  if (kin === null || person.nextOfKin === null) return null
  const number = kin.phoneMobile ?? kin.phoneHome
  const old = style.version === '2.3'
  return segment('NK1', {
    1: '1',
    2: nameOf(style, kin),
    3: old ? person.nextOfKin.relation : [person.nextOfKin.relation, '', 'HL70063'],
    4: old ? undefined : address(style, kin.address),
    5: number === null ? undefined : phone(style, number, 'PRN', number === kin.phoneMobile ? 'CP' : 'PH'),
    7: old ? 'EC' : ['EC', 'Emergency contact', 'L'],
  })
}

/** PV1 of a visit; `N` (not applicable) where a message has to have one and there is no visit. */
export function pv1(style: WireStyle, visit: Visit | null, person: SyntheticPerson): SegmentInput {
  if (visit === null) return segment('PV1', { 1: '1', 2: 'N' })
  const { pointOfCare, room, bed, facility } = visit.place
  const old = style.version === '2.3'
  return segment('PV1', {
    1: '1',
    2: visit.kind,
    3: [pointOfCare, room, bed, facility],
    4: visit.kind === 'I' ? 'EL' : undefined,
    7: old ? undefined : provider(style, visit.provider),
    8: old ? provider(style, visit.provider) : undefined,
    10: visit.kind === 'I' ? 'MED' : undefined,
    17: visit.kind === 'I' ? provider(style, visit.provider) : undefined,
    18: visit.kind === 'O' ? 'CLI' : visit.kind === 'E' ? 'EMR' : 'INP',
    19: [visit.fin, '', '', 'CERNER', 'FIN NBR'],
    20: person.coverage[0]?.payer.financialClass ?? 'P',
    36: visit.disposition ?? undefined,
    44: timestamp(style, visit.startedAt, visit.zone),
    45: visit.endedAt === null ? undefined : timestamp(style, visit.endedAt, visit.zone),
    50: old ? undefined : [visit.encounterId, '', '', 'MILLENNIUM', 'VN'],
  })
}

export const pv2 = (visit: Visit | null): SegmentInput | null =>
  visit === null ? null : segment('PV2', { 3: ['', visit.reason] })

export function al1(style: WireStyle, person: SyntheticPerson): SegmentInput[] {
  const old = style.version === '2.3'
  return person.allergies.map((one, i) => {
    const system = /^\d+$/.test(one.code) ? 'RXNORM' : 'L'
    return segment('AL1', {
      1: i + 1,
      2: old ? one.kind : [one.kind, '', 'HL70127'],
      3: [one.code, one.text, system],
      4: old ? one.severity : [one.severity, '', 'HL70128'],
      5: one.reaction,
    })
  })
}

export const dg1 = (style: WireStyle, person: SyntheticPerson): SegmentInput[] =>
  person.conditions.map((one, i) =>
    segment('DG1', {
      1: i + 1,
      2: style.version === '2.3' ? 'I10' : undefined,
      3: [one.code, one.text, 'I10'],
      6: 'F',
    }),
  )

const RELATIONS = { self: 'SEL', spouse: 'SPO', child: 'CHD', other: 'OTH' } as const

/** IN1 for each policy. `holder` finds the person who holds it. */
export function in1(
  style: WireStyle,
  person: SyntheticPerson,
  holder: (n: number) => SyntheticPerson,
): SegmentInput[] {
  return person.coverage.map((one, i) => {
    const insured = one.subscriber === person.n ? person : holder(one.subscriber)
    return style.version === '2.3'
      ? guideInsurance(style, one, insured, i + 1)
      : standardInsurance(style, one, insured, i + 1)
  })
}

function payerAddress(style: WireStyle, { payer }: Coverage): string[] {
  const { line1, city, state, postalCode } = payer.address
  return [line1, '', city, state, postalCode, 'USA'].map((part) => shown(style, part))
}

function standardInsurance(
  style: WireStyle,
  coverage: Coverage,
  insured: SyntheticPerson,
  setId: number,
): SegmentInput {
  const { payer } = coverage
  return segment('IN1', {
    1: setId,
    2: [payer.planId, `${payer.name} ${payer.plan}`],
    3: [payer.id, '', '', 'CERNER'],
    4: payer.name,
    5: payerAddress(style, coverage),
    7: phone(style, payer.phone, 'WPN', 'PH'),
    8: coverage.groupNumber ?? undefined,
    9: coverage.groupName ?? undefined,
    12: date(coverage.from),
    15: payer.financialClass,
    16: nameOf(style, insured),
    17: [RELATIONS[coverage.relation], '', 'HL70063'],
    18: date(insured.birthDate),
    19: address(style, insured.address),
    22: setId,
    36: coverage.memberId,
    43: insured.sex,
    49: [coverage.memberId],
  })
}

// The sample of the integration guide: a place late at IN1-8 to 10, two early at IN1-14 to 19, the member in 35.
function guideInsurance(
  style: WireStyle,
  coverage: Coverage,
  insured: SyntheticPerson,
  setId: number,
): SegmentInput {
  const { payer } = coverage
  return segment('IN1', {
    1: setId,
    2: [payer.planId, payer.name],
    3: payer.id,
    4: payer.name,
    5: payerAddress(style, coverage),
    8: phoneText(payer.phone),
    9: coverage.groupNumber ?? undefined,
    10: coverage.groupName ?? undefined,
    14: `${insured.given} ${insured.family}`.toUpperCase(),
    15: coverage.relation.toUpperCase(),
    16: date(insured.birthDate),
    17: address(style, insured.address),
    18: 'Y',
    19: 'CO',
    20: coverage.memberId,
    35: coverage.memberId,
  })
}
