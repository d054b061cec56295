import type { FastifyRequest } from 'fastify'
import { IntegrationError } from '../../kernel/errors.ts'
import type { Vault } from '../../vault/vault.ts'
import { readCondition } from './conditions.ts'
import type { Condition } from './conditions.ts'
import type { FacadeTypeName } from './types.ts'

/** Where a page goes on: after a row, or inside one that holds several resources. */
export interface Place {
  /** The row; for people and places the id of the last entry. */
  id: string
  /** Resources of this row that were shown; null when all were. */
  shown: number | null
}

/** A search as it was asked. */
export interface Search {
  type: FacadeTypeName
  conditions: readonly Condition[]
  count: number
  place: Place | null
  /** Supported parameters as sent, for the self link. */
  asked: readonly [string, string][]
  /** Parameters that are not supported and were left aside. */
  ignored: readonly string[]
}

const DEFAULT_COUNT = 50
const MOST_COUNT = 500
/** They shape the answer and not the search. */
const OF_ANSWER = new Set(['_format', '_pretty'])
const PAGE = '_page'

/**
 * Reads the parameters of a search.
 *
 * @throws REQUEST_INVALID; for a parameter that is not supported only when `Prefer: handling=strict` was sent
 */
export function readSearch(
  vault: Vault,
  type: FacadeTypeName,
  sent: URLSearchParams,
  { isStrict }: { isStrict: boolean },
): Search {
  const page = sent.get(PAGE)
  if (page !== null) return openPage(vault, type, page)
  const conditions: Condition[] = []
  const asked: [string, string][] = []
  const ignored = new Set<string>()
  let count = DEFAULT_COUNT
  for (const [key, value] of sent) {
    if (OF_ANSWER.has(key)) continue
    if (key === '_count') count = readCount(value)
    const condition = key === '_count' ? null : readCondition(type, key, value)
    if (condition === undefined) ignored.add(nameOf(key))
    else asked.push([key, value])
    if (condition) conditions.push(condition)
  }
  if (isStrict && ignored.size > 0)
    throw new IntegrationError('REQUEST_INVALID', {
      place: [...ignored].join(', '),
      reason: `${type} is not searched by it; /fhir/R4/metadata lists what is`,
    })
  return { type, conditions, count, place: null, asked, ignored: [...ignored] }
}

function readCount(value: string): number {
  if (!/^\d{1,6}$/.test(value))
    throw new IntegrationError('REQUEST_INVALID', { place: '_count', reason: 'it is not a whole number' })
  return Math.min(Math.max(Number(value), 1), MOST_COUNT)
}

// What was sent is not quoted unless it looks like the name of a parameter.
const nameOf = (key: string): string => (/^[A-Za-z_][A-Za-z0-9_:.-]{0,40}$/.test(key) ? key : 'a parameter')

const sealPlace = (type: string): string => `fhir/page/${type}`

/**
 * The address part of the next page. The search travels sealed: it can name a patient, and addresses are written to
 * logs of others.
 */
export function pageOf(vault: Vault, search: Search, place: Place): string {
  const { asked, count, type } = search
  const text = JSON.stringify({ asked, count, place })
  return `${PAGE}=${vault.seal(sealPlace(type), text).toString('base64url')}`
}

function openPage(vault: Vault, type: FacadeTypeName, page: string): Search {
  const opened = opening(vault, type, page)
  if (opened === null)
    throw new IntegrationError('REQUEST_INVALID', {
      place: PAGE,
      reason: 'it is not the next link of a page',
    })
  const { asked, count, place } = opened
  const conditions = asked.flatMap(([key, value]) =>
    key === '_count' ? [] : (readCondition(type, key, value) ?? []),
  )
  return { type, conditions, count, place, asked, ignored: [] }
}

function opening(
  vault: Vault,
  type: string,
  page: string,
): { asked: [string, string][]; count: number; place: Place } | null {
  try {
    return JSON.parse(vault.openText(sealPlace(type), Buffer.from(page, 'base64url'))) as never
  } catch {
    return null
  }
}

/** `Prefer: handling=strict` */
export const isStrict = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  /\bhandling\s*=\s*"?strict\b/i.test(String(headers['prefer'] ?? ''))

/** Names of the parameters that narrow, for the audit trail. */
export const keysOf = ({ conditions }: Search): string[] => [...new Set(conditions.map(({ name }) => name))]

/** The ids that a condition names, when it names only ids. */
export function idsIn({ conditions }: Search): string[] | undefined {
  const condition = conditions.find(({ name, modifier }) => name === '_id' && modifier === '')
  return condition && [...condition.values]
}
