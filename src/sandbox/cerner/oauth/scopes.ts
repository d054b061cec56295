import type { R4Verb } from '../contract.ts'

/** Scopes as the authorization server cuts them and the gate reads them (cerner-fhir-r4.md §2.2). Pure. */

export type Level = 'patient' | 'user' | 'system'
export type ScopeSyntax = 'v1' | 'v2'

export interface ResourceScope {
  readonly syntax: ScopeSyntax
  readonly level: Level
  readonly type: string
  /** v1: `read` or `write`. v2: some of `cruds`, in this order. */
  readonly may: string
}

const V1 = /^(patient|user|system)\/([A-Z][A-Za-z]*)\.(read|write)$/
const V2 = /^(patient|user|system)\/([A-Z][A-Za-z]*)\.(c?r?u?d?s?)$/

/** @returns null for anything else: words such as `openid`, wildcards, other spellings */
export function readResourceScope(text: string): ResourceScope | null {
  const [syntax, found] = V1.test(text) ? (['v1', V1.exec(text)] as const) : (['v2', V2.exec(text)] as const)
  const [, level, type, may] = found ?? []
  if (level === undefined || type === undefined || may === undefined || may === '') return null
  return { syntax, level: level as Level, type, may }
}

export const writeResourceScope = ({ level, type, may }: ResourceScope): string => `${level}/${type}.${may}`

export interface Registration {
  readonly syntax: ScopeSyntax
  /** Every scope the app was registered with, in its syntax, beside words and `mws/…`. */
  readonly scopes: readonly string[]
  /** Whether it may keep access while nobody is there. */
  readonly offline: boolean
}

/**
 * What is granted of what was asked: the other syntax, wildcards and what is not registered fall away without a word.
 * The separator is one space; a comma spoils the whole request.
 *
 * @returns scopes in the order asked; empty when none is left
 */
export function cutScopes(registration: Registration, asked: string): string[] {
  if (asked.includes(',')) return []
  const kept = asked.split(' ').flatMap((text) => keep(registration, text))
  return [...new Set(kept)]
}

function keep({ syntax, scopes, offline }: Registration, text: string): string[] {
  if (text === '' || (text === 'offline_access' && !offline)) return []
  const wanted = readResourceScope(text)
  if (wanted === null) return scopes.includes(text) ? [text] : []
  if (wanted.syntax !== syntax) return []
  const may = scopes.flatMap((one) => sharedRights(wanted, readResourceScope(one)))
  const best = may.toSorted((a, b) => b.length - a.length)[0]
  return best === undefined ? [] : [writeResourceScope({ ...wanted, may: best })]
}

function sharedRights(wanted: ResourceScope, registered: ResourceScope | null): string[] {
  if (registered === null || registered.level !== wanted.level || registered.type !== wanted.type) return []
  if (registered.syntax !== wanted.syntax) return []
  if (wanted.syntax === 'v1') return registered.may === wanted.may ? [wanted.may] : []
  const shared = [...wanted.may].filter((letter) => registered.may.includes(letter)).join('')
  return shared === '' ? [] : [shared]
}

/**
 * Scopes without some: each of `removed` is a scope, or a bare type (`Patient`, `mws/Person`) that loses all of its
 * scopes. Of `system/Patient.rs`, taking away `system/Patient.s` leaves `system/Patient.r`.
 */
export function withoutScopes(granted: readonly string[], removed: readonly string[]): string[] {
  return granted.flatMap((text) => {
    let left: string | null = text
    for (const one of removed) left = left === null ? null : withoutOne(left, one)
    return left === null ? [] : [left]
  })
}

function withoutOne(text: string, removed: string): string | null {
  if (text === removed || text.startsWith(`${removed}.`)) return null
  const scope = readResourceScope(text)
  const away = readResourceScope(removed)
  if (scope === null) return text
  if (scope.type === removed) return null
  if (away === null || away.level !== scope.level || away.type !== scope.type) return text
  if (scope.syntax !== 'v2' || away.syntax !== 'v2') return text
  const may = [...scope.may].filter((letter) => !away.may.includes(letter)).join('')
  return may === '' ? null : writeResourceScope({ ...scope, may })
}

// v2 spells patch as update and Cerner registers no delete of its own, so `.u` opens it (I).
const LETTERS: Record<R4Verb, string> = {
  read: 'r',
  search: 's',
  create: 'c',
  update: 'u',
  patch: 'u',
  delete: 'du',
}
const READS: ReadonlySet<R4Verb> = new Set<R4Verb>(['read', 'search'])

/** The levels (`patient`, `user`, `system`) at which scopes open a verb on a type; none means 403. */
export function levelsFor(scopes: readonly string[], type: string, verb: R4Verb): Level[] {
  return scopes.flatMap((text) => {
    const scope = readResourceScope(text)
    return scope !== null && scope.type === type && opens(scope, verb) ? [scope.level] : []
  })
}

const opens = ({ syntax, may }: ResourceScope, verb: R4Verb): boolean =>
  syntax === 'v1'
    ? may === (READS.has(verb) ? 'read' : 'write')
    : [...LETTERS[verb]].some((letter) => may.includes(letter))

/** Millennium services: `mws/Person` needs `mws/Person.read` or `.write` (millennium-web-services.md §4). */
export const opensService = (scopes: readonly string[], type: string, verb: R4Verb): boolean =>
  scopes.includes(`${type}.${READS.has(verb) ? 'read' : 'write'}`)
