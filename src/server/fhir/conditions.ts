import { IntegrationError } from '../../kernel/errors.ts'
import { readReference } from '../../standards/fhir/reference.ts'
import { wordsOf } from '../../store/patient-tokens.ts'
import { isWanted, readDate, stretchOf } from './moments.ts'
import type { Stretch } from './moments.ts'
import { facadeType } from './types.ts'
import type { FacadeTypeName, Parameter } from './types.ts'

type Json = Record<string, unknown>

/** One condition of a search: a parameter with its alternatives. All conditions must hold. */
export interface Condition {
  name: string
  modifier: '' | 'exact' | 'contains' | 'missing' | 'not'
  /** Alternatives, of which one must hold. */
  values: readonly string[]
}

const MODIFIERS: Readonly<Record<Parameter['type'], readonly Condition['modifier'][]>> = {
  token: ['not', 'missing'],
  string: ['exact', 'contains', 'missing'],
  date: ['missing'],
  reference: ['missing'],
}
const MOST_VALUES = 100

/**
 * Reads `family:exact=Smith,Smyth`; undefined for a parameter that the type does not have.
 *
 * @throws REQUEST_INVALID for a modifier that is not supported, which may never be left aside (FHIR R4 §3.1.1.4.5)
 */
export function readCondition(type: FacadeTypeName, key: string, value: string): Condition | undefined {
  const [name = '', modifier = ''] = key.split(':', 2)
  const parameter = parameterOf(type, name)
  if (parameter === undefined) return undefined
  const known = modifier === '' ? '' : MODIFIERS[parameter.type].find((one) => one === modifier)
  // `patient:Patient=…` says again what the parameter is about.
  const isType = parameter.type === 'reference' && modifier === 'Patient'
  if (known === undefined && !isType)
    throw invalid(name, `the modifier ${nameOnly(modifier)} is not supported`)
  const values = value
    .split(/(?<!\\),/)
    .map(unescaped)
    .filter((one) => one !== '')
  if (values.length === 0) throw invalid(name, 'it is empty')
  if (values.length > MOST_VALUES) throw invalid(name, `it has more than ${MOST_VALUES} alternatives`)
  return { name, modifier: known ?? '', values }
}

export const parameterOf = (type: FacadeTypeName, name: string): Parameter | undefined => {
  const { parameters } = facadeType(type)
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined
}

const unescaped = (text: string): string => text.replace(/\\([\\,|$])/g, '$1').trim()
const nameOnly = (text: string): string => (/^[A-Za-z]{1,20}$/.test(text) ? text : 'given')

/** A test of resources made once for a search. @throws REQUEST_INVALID for a value that cannot be read */
export function testOf(
  type: FacadeTypeName,
  conditions: readonly Condition[],
  { zone, base }: { zone: string; base: string },
): (resource: Json) => boolean {
  const tests = conditions.map((condition) => {
    const parameter = parameterOf(type, condition.name)
    if (parameter === undefined) return () => true
    const holds = holder(condition, parameter, { zone, base })
    return (resource: Json): boolean => holds(parameter.paths.flatMap((path) => valuesAt(resource, path)))
  })
  return (resource) => tests.every((test) => test(resource))
}

type Holds = (values: readonly unknown[]) => boolean

function holder(
  { name, modifier, values }: Condition,
  parameter: Parameter,
  { zone, base }: { zone: string; base: string },
): Holds {
  if (modifier === 'missing') {
    const [wanted] = values
    if (wanted !== 'true' && wanted !== 'false') throw invalid(name, 'missing is true or false')
    return (found) => (found.length === 0) === (wanted === 'true')
  }
  switch (parameter.type) {
    case 'token': {
      const holds: Holds = (found) => values.some((wanted) => found.some((one) => isToken(one, wanted)))
      return modifier === 'not' ? (found) => !holds(found) : holds
    }
    case 'string':
      return (found) =>
        values.some((wanted) => found.some((one) => typeof one === 'string' && isText(one, wanted, modifier)))
    case 'date': {
      const wanted = values.map((value) => readDate(name, value, zone))
      return (found) =>
        wanted.some((one) => found.some((value) => isWanted(stretchIn(value, zone) ?? NEVER, one)))
    }
    case 'reference': {
      const wanted = values.map((value) => referenceWanted(name, value, base))
      return (found) => found.some((one) => wanted.includes(String((one as Json)['reference'] ?? '')))
    }
    default:
      return parameter.type satisfies never
  }
}

// Outside every stretch that can be asked for.
const NEVER: Stretch = { from: Number.NaN, to: Number.NaN }

function stretchIn(value: unknown, zone: string): Stretch | undefined {
  if (typeof value === 'string') return stretchOf(value, zone)
  if (typeof value !== 'object' || value === null) return undefined
  const { start, end } = value as { start?: unknown; end?: unknown }
  if (typeof start !== 'string' && typeof end !== 'string') return undefined
  return {
    from: typeof start === 'string' ? (stretchOf(start, zone)?.from ?? Number.NaN) : -Infinity,
    to: typeof end === 'string' ? (stretchOf(end, zone)?.to ?? Number.NaN) : Infinity,
  }
}

/** `Patient/x`, an absolute address under our base, or the id alone. */
export function referenceWanted(name: string, value: string, base: string): string {
  if (/^[A-Za-z0-9.-]{1,64}$/.test(value)) return `Patient/${value}`
  const target = readReference(value, base)
  if (target?.kind !== 'local') throw invalid(name, 'write an id, or Patient/id')
  return `${target.type}/${target.id}`
}

/** Words as people search by them: without case, marks and punctuation. */
function isText(found: string, wanted: string, modifier: Condition['modifier']): boolean {
  if (modifier === 'exact') return found === wanted
  const [have, want] = [wordsOf(found), wordsOf(wanted)]
  if (want.length === 0) return false
  if (modifier === 'contains') return have.join(' ').includes(want.join(' '))
  return want.every((word) => have.some((one) => one.startsWith(word)))
}

/** `system|code`, `|code` (no system), `system|` (any code), `code` (FHIR R4 §3.1.1.4.10). */
export function isToken(value: unknown, wanted: string): boolean {
  const bar = wanted.indexOf('|')
  const system = bar < 0 ? null : wanted.slice(0, bar)
  const code = bar < 0 ? wanted : wanted.slice(bar + 1)
  return codesIn(value).some(
    (one) =>
      (system === null || one.system === system) && (code === '' ? system !== null : sameCode(one, code)),
  )
}

interface Code {
  system: string
  code: string
  isPhone: boolean
}

function codesIn(value: unknown): Code[] {
  if (typeof value === 'string' || typeof value === 'boolean')
    return [{ system: '', code: String(value), isPhone: false }]
  if (typeof value !== 'object' || value === null) return []
  const { coding, system, code, value: own, use } = value as Json
  if (Array.isArray(coding)) return coding.flatMap(codesIn)
  const text = code ?? own
  if (typeof text !== 'string') return []
  // A ContactPoint's system is how it is reached, and its use is what `home|…` asks for.
  if (system === 'phone' || system === 'email')
    return [{ system: String(use ?? ''), code: text, isPhone: system === 'phone' }]
  return [{ system: typeof system === 'string' ? system : '', code: text, isPhone: false }]
}

const digits = (text: string): string => text.replace(/\D/g, '').slice(-10)

function sameCode({ code, isPhone }: Code, wanted: string): boolean {
  if (isPhone) return digits(wanted) !== '' && digits(code) === digits(wanted)
  return code === wanted || (code.toLowerCase() === wanted.toLowerCase() && !/^urn:/.test(code))
}

/** All values at `participant.actor`, through lists. */
export function valuesAt(resource: unknown, path: string): unknown[] {
  let found: unknown[] = [resource]
  for (const member of path.split('.'))
    found = found.flatMap((one) => {
      const value = (one as Json | null)?.[member]
      return value === undefined || value === null
        ? []
        : Array.isArray(value)
          ? (value as unknown[])
          : [value]
    })
  return found
}

const invalid = (name: string, reason: string): IntegrationError =>
  new IntegrationError('REQUEST_INVALID', { place: name, reason })
