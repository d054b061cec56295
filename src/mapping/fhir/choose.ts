import { elementIn, elementsIn, extensionIndex, isOutOfDate, textIn } from './elements.ts'
import { codingsOf } from './coding.ts'
import { identifierTypeOf, isFinancial } from './identifier.ts'
import { isElement } from './json.ts'
import type { FhirElement } from './json.ts'
import type { FhirReading } from './reading.ts'

/** Chooses an element of a list, from 0; -1 when none is the wanted one. */
export type Choose = (list: readonly unknown[], words: string, at: FhirReading) => number

/**
 * How to choose in the list of that name; null where the first element is meant. What has ended, or is known to be
 * wrong, is not chosen while its period or use says so (cerner-fhir-r4.md §3.1).
 */
export function chooser(name: string, words: string | null): Choose | null {
  if (words !== null) return BY_WORDS[name] ?? null
  return USUAL[name] ?? null
}

const USUAL: Readonly<Record<string, Choose>> = {
  name: byRank(rankOfName),
  address: byRank(rankOfAddress),
  communication: byRank((one) => (one['preferred'] === true ? 0 : 1)),
  location: byRank((one) => LOCATION_RANK[textIn(one, 'status')] ?? 1),
  content: byRank((one) =>
    textIn(elementIn(one, 'attachment'), 'contentType') === 'application/pdf' ? 0 : 1,
  ),
  performer: byRank(rankOfPerformer),
}

const BY_WORDS: Readonly<Record<string, Choose>> = {
  telecom: chooseTelecom,
  identifier: chooseIdentifier,
  participant: chooseParticipant,
  class: firstWhere((one, words) => isConcept(elementIn(one, 'type'), words)),
  extension: (list, words) => extensionIndex(list, words),
}

type Rank = (element: FhirElement, at: FhirReading) => number

/** The element of the lowest rank, the first among equals; Infinity is never chosen. */
function byRank(rank: Rank): Choose {
  return (list, _words, at) => {
    let best = -1
    let lowest = Infinity
    for (let i = 0; i < list.length; i++) {
      const one = list[i]
      if (!isElement(one)) continue
      const its = rank(one, at)
      if (its < lowest) [best, lowest] = [i, its]
    }
    return best
  }
}

function firstWhere(test: (one: FhirElement, words: string, at: FhirReading) => boolean): Choose {
  return (list, words, at) => list.findIndex((one) => isElement(one) && test(one, words, at))
}

const NAME_RANK: Readonly<Record<string, number>> = { official: 0, usual: 1, '': 2, temp: 3, nickname: 4 }

function rankOfName(name: FhirElement, at: FhirReading): number {
  if (isOutOfDate(name, at.nowMs)) return Infinity
  return NAME_RANK[textIn(name, 'use')] ?? Infinity
}

const ADDRESS_RANK: Readonly<Record<string, number>> = { home: 0, '': 1, temp: 3, work: 4 }

function rankOfAddress(address: FhirElement, at: FhirReading): number {
  const use = textIn(address, 'use')
  if (isOutOfDate(address, at.nowMs) || use === 'old') return Infinity
  // A mailing address is no place to live, but better than none.
  const mailing = textIn(address, 'type') === 'postal' ? 1 : 0
  return (ADDRESS_RANK[use] ?? 5) + mailing
}

const LOCATION_RANK: Readonly<Record<string, number>> = {
  active: 0,
  '': 1,
  reserved: 2,
  planned: 2,
  completed: 3,
}

// PPRF performed it, LA signed it, OP ordered it.
const PERFORMER_RANK: Readonly<Record<string, number>> = { PPRF: 0, PRF: 0, LA: 1, AUTHEN: 1, '': 2 }

function rankOfPerformer(performer: FhirElement): number {
  const functions = elementsIn(performer, 'extension').flatMap((one) => {
    const concept = elementIn(one, 'valueCodeableConcept')
    return concept ? codingsOf(concept).map((coding) => textIn(coding, 'code')) : []
  })
  return functions.length === 0 ? 2 : Math.min(...functions.map((code) => PERFORMER_RANK[code] ?? 3))
}

/** `phone,home`: system and use, current, of the lowest rank. `email` has no use: an address at work reads as well. */
function chooseTelecom(list: readonly unknown[], words: string, at: FhirReading): number {
  const [system, use] = words.split(',')
  return byRank((one) => {
    if (textIn(one, 'system') !== system || textIn(one, 'value') === '' || isOutOfDate(one, at.nowMs))
      return Infinity
    const said = textIn(one, 'use')
    if (said === 'old' || (use !== undefined && (said || 'home') !== use)) return Infinity
    const other = use === undefined && said === 'work' ? 1000 : 0
    return other + (Number(textIn(one, 'rank')) || 100)
  })(list, words, at)
}

/**
 * The identifier of a type, current, best of the connection's own authority. `us-ssn` is a system. Cerner's FIN is both
 * the visit and the account, as in HL7 (codecs/identifier.ts).
 */
function chooseIdentifier(list: readonly unknown[], words: string, at: FhirReading): number {
  return byRank((one) => {
    if (textIn(one, 'value') === '' || isOutOfDate(one, at.nowMs)) return Infinity
    if (words === 'us-ssn') return identifierTypeOf(one, at) === 'SS' ? 0 : Infinity
    const { type, isExact } = typeRank(one, words, at)
    if (!type) return Infinity
    const isOwn = authorityRank(one, at)
    return (isOwn ? 0 : 2) + (isExact ? 0 : 1)
  })(list, words, at)
}

/** The laboratory's own number of an order: typed as such, else the accession number. */
export const chooseFiller = (list: readonly FhirElement[], at: FhirReading): number =>
  chooseIdentifier(list, 'FILL', at)

function typeRank(one: FhirElement, words: string, at: FhirReading): { type: boolean; isExact: boolean } {
  const concept = elementIn(one, 'type')
  if ((words === 'VN' || words === 'AN') && isFinancial(concept)) return { type: true, isExact: true }
  if (words === 'FILL' && textIn(one, 'system').endsWith('/acsn')) return { type: true, isExact: false }
  const isExact = isConcept(concept, words)
  return { type: isExact || identifierTypeOf(one, at) === words, isExact }
}

function authorityRank(one: FhirElement, at: FhirReading): boolean {
  const system = textIn(one, 'system')
  return system !== '' && at.authorityOfSystem(system) === at.settings.defaultAuthority.trim().toUpperCase()
}

/** `Practitioner`, `Location`, `Patient`: by what the actor is. `ATND`, `REF`: by a code of the type. */
function chooseParticipant(list: readonly unknown[], words: string, at: FhirReading): number {
  const isRole = /^[A-Z]+$/.test(words)
  if (isRole) {
    return byRank((one) => {
      if (!elementsIn(one, 'type').some((type) => isConcept(type, words))) return Infinity
      return isOutOfDate(one, at.nowMs) ? 1 : 0
    })(list, words, at)
  }
  const byType = list.findIndex(
    (one) => isElement(one) && at.idOf(elementIn(one, 'actor'), words) !== undefined,
  )
  if (byType >= 0 || words !== 'Practitioner') return byType
  return list.findIndex((one) => isElement(one) && isNamedPerformer(one))
}

/**
 * True for the performer of an appointment who stands there by name only (cerner-fhir-r4.md §1.6). `Last, First` is a
 * person; words without a comma are a room or a machine.
 */
export function isNamedPerformer(participant: FhirElement): boolean {
  const actor = elementIn(participant, 'actor')
  return (
    textIn(actor, 'reference') === '' &&
    textIn(actor, 'display').includes(',') &&
    elementsIn(participant, 'type').some((type) => isConcept(type, 'PPRF'))
  )
}

const isConcept = (concept: FhirElement | undefined, code: string): boolean =>
  concept !== undefined && codingsOf(concept).some((coding) => textIn(coding, 'code') === code)
