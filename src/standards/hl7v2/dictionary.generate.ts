/**
 * Writes `dictionary.data.json` from the npm package hl7v2-dictionary:
 * `node src/standards/hl7v2/dictionary.generate.ts`.
 *
 * The package holds all versions as code and takes 240 MB and over a second to load, which is more than the whole
 * engine may use. This extract holds the names, types, optionality and table numbers in a form that loads in a
 * few milliseconds; `dictionary.test.ts` compares the two.
 */
import { writeFileSync } from 'node:fs'
import { dictionaries } from 'hl7v2-dictionary'
import type { HL7FieldDefinition } from 'hl7v2-dictionary'

/** Description and fields of one segment or type: `name|n type flags table name|…`, see {@link fieldLine}. */
export function definitionLine(
  desc: string | undefined,
  fields: Record<string, HL7FieldDefinition> = {},
): string {
  const numbered = Object.entries(fields).filter(([n]) => /^\d+$/.test(n))
  return [(desc ?? '').replaceAll('|', '/'), ...numbered.map(([n, field]) => fieldLine(n, field))].join('|')
}

/** `11 XAD R* 0 Patient Address`: number, type, R if required, * if repeating, table number or 0, name. */
function fieldLine(n: string, field: HL7FieldDefinition): string {
  const flags = (field.opt === 'R' ? 'R' : '-') + (field.rep !== undefined && field.rep !== 1 ? '*' : '-')
  const name = (field.desc ?? '').replaceAll('|', '/').trim()
  return `${n} ${field.type} ${flags} ${field.table ?? 0} ${name}`
}

/** For each name, the versions that share a definition (`2.5 2.5.1`) and that definition. */
export type Extract = Record<string, Record<string, string>>

type Kind = 'segments' | 'types'

export function extract(kind: Kind): Extract {
  const found: Record<string, Map<string, string[]>> = {}
  for (const [version, dictionary] of Object.entries(dictionaries)) {
    for (const [name, definition] of Object.entries(dictionary[kind])) {
      const line = definitionLine(definition.desc, definition.fields)
      const lines = (found[name] ??= new Map<string, string[]>())
      lines.set(line, [...(lines.get(line) ?? []), version])
    }
  }
  const entries = Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    entries.map(([name, lines]) => [
      name,
      Object.fromEntries([...lines].map(([line, versions]) => [versions.join(' '), line])),
    ]),
  )
}

if (import.meta.main) {
  const data = { segments: extract('segments'), types: extract('types') }
  writeFileSync(new URL('dictionary.data.json', import.meta.url), `${JSON.stringify(data, null, 2)}\n`)
}
