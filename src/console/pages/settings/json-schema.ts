/** The part of JSON Schema (2020-12) that settings are described in, with our marks `label`, `help` and `secret`. */
export interface JsonSchema {
  type?: string
  label?: string
  title?: string
  help?: string
  description?: string
  secret?: boolean
  group?: string
  default?: unknown
  enum?: readonly string[]
  const?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  properties?: Readonly<Record<string, JsonSchema>>
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
  propertyNames?: JsonSchema
  anyOf?: readonly JsonSchema[]
  oneOf?: readonly JsonSchema[]
}
export type Values = Readonly<Record<string, unknown>>

/** A schema that may also be null, as its other half. */
export function optionalOf(schema: JsonSchema): JsonSchema | null {
  const parts = schema.anyOf ?? schema.oneOf ?? []
  const others = parts.filter(({ type }) => type !== 'null')
  return parts.length === others.length || others.length !== 1
    ? null
    : { ...others[0], label: labelOf('', schema), help: schema.help, default: schema.default }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `maxPerAddress` → "Max per address", where the schema has no label. */
export function labelOf(key: string, schema: JsonSchema): string {
  const words = key
    .replace(/([A-Z])/g, ' $1')
    .replaceAll('_', ' ')
    .toLowerCase()
    .trim()
  return schema.label ?? schema.title ?? words.charAt(0).toUpperCase() + words.slice(1)
}
export const helpOf = (schema: JsonSchema): string | undefined => schema.help ?? schema.description

/** The value at `fhir.base`. */
export const getAt = (values: Values, place: string): unknown =>
  place.split('.').reduce<unknown>((inside, key) => (isRecord(inside) ? inside[key] : undefined), values)

/** The same values with another one at `fhir.base`. */
export function putAt(values: Values, place: string, value: unknown): Values {
  const [key = '', ...rest] = place.split('.')
  if (rest.length === 0) return { ...values, [key]: value }
  const inside = values[key]
  return { ...values, [key]: putAt(isRecord(inside) ? inside : {}, rest.join('.'), value) }
}

/** The schema of the setting at `fhir.base`. */
export const schemaAt = (schema: JsonSchema, place: string): JsonSchema =>
  place.split('.').reduce<JsonSchema>((inside, key) => inside.properties?.[key] ?? {}, schema)

/** The value that the form shows: what is set, and defaults where nothing is. */
export function filled(schema: JsonSchema, value: unknown): unknown {
  if (value === undefined && schema.default !== undefined) return filled(schema, schema.default)
  const optional = optionalOf(schema)
  if (optional !== null) return value === null || value === undefined ? null : filled(optional, value)
  if (schema.properties === undefined) return value ?? emptyOf(schema)
  const given = isRecord(value) ? value : {}
  return {
    ...given,
    ...Object.fromEntries(
      Object.entries(schema.properties).map(([key, part]) => [key, filled(part, given[key])]),
    ),
  }
}

export function emptyOf(schema: JsonSchema): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type) {
    case 'boolean':
      return false
    case 'array':
      return []
    case 'object':
      return schema.properties === undefined ? {} : filled(schema, {})
    case 'number':
    case 'integer':
      return schema.minimum ?? 0
    default:
      return ''
  }
}

const isWebAddress = (text: string): boolean => URL.canParse(text) && /^https?:\/\//i.test(text)
const fits = (pattern: string, text: string): boolean => new RegExp(pattern).test(text)

function wrongText(schema: JsonSchema, text: string): string | null {
  // A stored secret reads as asterisks; sent back like that, it stays.
  if (schema.secret === true && /^\*+$/.test(text)) return null
  if ((schema.minLength ?? 0) > text.length)
    return text === '' ? 'This may not be empty.' : `At least ${schema.minLength} characters.`
  if (schema.maxLength !== undefined && text.length > schema.maxLength)
    return `At most ${schema.maxLength} characters.`
  if (schema.pattern !== undefined && !fits(schema.pattern, text))
    return 'This is not written in the expected form.'
  if ((schema.anyOf ?? []).some((form) => form.const === text)) return null
  if ((schema.anyOf ?? [schema]).some(({ format }) => format === 'uri') && !isWebAddress(text))
    return 'Write a full address such as https://….'
  const forms = (schema.anyOf ?? []).flatMap(({ pattern }) => pattern ?? [])
  return forms.length > 0 && !forms.some((pattern) => fits(pattern, text))
    ? 'This is not written in the expected form.'
    : null
}

/** Every place of the form that would be refused, by its path (`allow.0`, `tls.cert`). The server looks again. */
export function faultsOf(schema: JsonSchema, value: unknown, path = ''): Map<string, string> {
  const at = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`)
  const optional = optionalOf(schema)
  if (optional !== null) return value === null ? new Map() : faultsOf(optional, value, path)
  if (Array.isArray(value))
    return new Map(value.flatMap((item, index) => [...faultsOf(schema.items ?? {}, item, at(index))]))
  if (isRecord(value)) {
    const each = schema.additionalProperties
    return new Map(
      Object.entries(value).flatMap(([key, part]) => {
        const inner = schema.properties?.[key] ?? (isRecord(each) ? each : {})
        const badKey =
          schema.properties === undefined && schema.propertyNames !== undefined
            ? wrongText(schema.propertyNames, key)
            : null
        return [...faultsOf(inner, part, at(key)), ...(badKey === null ? [] : [[at(key), badKey] as const])]
      }),
    )
  }
  const fault =
    typeof value === 'string'
      ? wrongText(schema, value)
      : typeof value === 'number'
        ? wrongNumber(schema, value)
        : value === undefined || value === null
          ? null
          : null
  return fault === null ? new Map() : new Map([[path, fault]])
}

function wrongNumber({ minimum, maximum, type }: JsonSchema, value: number): string | null {
  if (type === 'integer' && !Number.isInteger(value)) return 'A whole number.'
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum))
    return maximum === undefined ? `At least ${minimum}.` : `From ${minimum ?? 0} to ${maximum}.`
  return null
}

/** "The request is not valid at settings.port: …" names the field that the server refused. */
export function faultFromServer(detail: string): [path: string, says: string] | null {
  const found = /\bat (?:body\.|\/)?settings[./]([\w./-]+?): (.+)$/.exec(detail)
  return found === null ? null : [(found[1] ?? '').replaceAll('/', '.'), found[2] ?? '']
}
