import type { Said } from '../model/statement.ts'
import type { Codec, ElementCodec } from './codec.ts'
import { cellOf } from './codec.ts'
import { chooser } from './fhir/choose.ts'
import type { Choose } from './fhir/choose.ts'
import { extensionIndex, extensionValue, textOf } from './fhir/elements.ts'
import { isElement } from './fhir/json.ts'
import type { FhirElement } from './fhir/json.ts'
import { readPaths } from './fhir/path.ts'
import type { FhirReading } from './fhir/reading.ts'
import type { Table } from './table.ts'

/** A table with its FHIR column cut into steps. */
export interface FhirTable {
  readonly rows: readonly FhirRow[]
}

interface FhirRow {
  readonly field: string
  readonly codec: Codec<unknown> | ElementCodec<unknown>
  readonly paths: readonly (readonly CompiledStep[])[]
}

interface CompiledStep {
  readonly name: string
  readonly words: string
  readonly index: number
  readonly all: boolean
  readonly choose: Choose | null
}

const compiled = new Map<Table, FhirTable>()

/** The table by its FHIR column; made once, since it depends on no setting. */
export function compileFhir(table: Table): FhirTable {
  let made = compiled.get(table)
  if (!made) compiled.set(table, (made = make(table)))
  return made
}

function make(table: Table): FhirTable {
  const rows: FhirRow[] = []
  for (const { field, fhir, codec } of table.rows) {
    if (fhir === null || codec.kind === 'link') continue
    const paths = readPaths(fhir).map((steps) =>
      steps.map(({ name, words, index, all }): CompiledStep => {
        const choose = index >= 0 || all ? null : chooser(name, words)
        return { name, words: words ?? '', index, all, choose }
      }),
    )
    rows.push({ field, codec, paths })
  }
  return { rows }
}

/**
 * Every field of a table that an element states.
 *
 * @param root the resource, or the element that one row of a set comes from
 * @param place where that stands: `Patient`, `Patient.contact[0]`
 */
export function readFhirFields(
  table: FhirTable,
  root: FhirElement,
  place: string,
  at: FhirReading,
): Record<string, Said> {
  const fields: Record<string, Said> = {}
  for (const row of table.rows) {
    const value = readFhirRow(row, root, place, at)
    if (value !== undefined) fields[row.field] = { value, place: at.place }
  }
  return fields
}

/** One row of a set by its table, without places; undefined when nothing of it is said. */
export function readFhirSetRow<T extends object>(
  table: FhirTable,
  root: FhirElement,
  place: string,
  at: FhirReading,
): T | undefined {
  const value: Record<string, unknown> = {}
  let said = false
  for (const row of table.rows) {
    const part = readFhirRow(row, root, place, at)
    if (part === undefined) continue
    value[row.field] = part
    said = true
  }
  return said ? (value as T) : undefined
}

/** The value of one row; undefined when the element says nothing about it. Afterwards `at.place` is where it was said. */
function readFhirRow(row: FhirRow, root: FhirElement, place: string, at: FhirReading): unknown {
  for (const path of row.paths) {
    at.place = place
    const found = walk(path, root, at)
    if (found === undefined || found === null) continue
    const value = readValue(row.codec, found, at)
    if (value !== undefined) return value
  }
  return undefined
}

function walk(path: readonly CompiledStep[], root: FhirElement, at: FhirReading): unknown {
  let value: unknown = root
  for (const step of path) {
    if (!isElement(value)) return undefined
    const next = value[step.name] ?? partOfExtension(value, step.name)
    if (next === undefined) return undefined
    at.place = `${at.place}.${step.name}`
    value = Array.isArray(next) ? pick(next, step, at) : next
    if (value === undefined) return undefined
  }
  return isElement(value) && typeof value['url'] === 'string' ? (extensionValue(value) ?? value) : value
}

function pick(list: readonly unknown[], step: CompiledStep, at: FhirReading): unknown {
  if (step.all) return list
  const index = step.choose ? step.choose(list, step.words, at) : Math.max(step.index, 0)
  if (index < 0 || index >= list.length) return undefined
  at.place = `${at.place}[${index}]`
  return list[index]
}

/** Inside an extension a step may name a nested one: `extension[us-core-race].ombCategory`. */
function partOfExtension(extension: FhirElement, name: string): unknown {
  const nested = extension['extension']
  if (!Array.isArray(nested)) return undefined
  const found: unknown = nested[extensionIndex(nested, name)]
  return isElement(found) ? extensionValue(found) : undefined
}

function readValue(codec: Codec<unknown> | ElementCodec<unknown>, found: unknown, at: FhirReading): unknown {
  if (codec.fhir) return codec.fhir.read(found, at)
  const text = textOf(found).trim()
  if (text === '') return undefined
  switch (codec.kind) {
    case 'leaf':
      return codec.read(text, at)
    case 'parts':
      return codec.read(cellOf(text), at)
    case 'element':
      return undefined
  }
  return codec satisfies never
}
