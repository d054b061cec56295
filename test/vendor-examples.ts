import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { IntegrationError } from '../src/kernel/errors.ts'
import { mapFhir, readSchedule, readSlot } from '../src/mapping/map-fhir.ts'
import type { FhirMapSettings, MappedFhir } from '../src/mapping/map-fhir.ts'
import { fromDstu2 } from '../src/standards/fhir/dstu2.ts'
import { parseExact } from '../src/standards/fhir/json.ts'
import type { ParsedResource } from '../src/standards/fhir/json.ts'

/**
 * Maps every resource of a folder of examples and says what became of each: the check that the mapping reads what the
 * vendor publishes. Files hold a resource, a Bundle, a Bundle entry, a list, or a request body.
 *
 *   node test/vendor-examples.ts --folder DIR [--json | --markdown | --fields]
 *
 * Exit code 1 when a resource of a type that is read gives an error.
 */

interface Outcome {
  readonly type: string
  readonly outcome: string
  readonly warnings: readonly string[]
  readonly failed: boolean
  readonly mapped?: MappedFhir
}

interface FileOutcome {
  readonly file: string
  readonly resources: readonly Outcome[]
}

const TENANT = 'ec2458f2-1e24-41c8-b71b-0e701af7583d'

const settingsOf = (version: 'R4' | 'DSTU2'): FhirMapSettings => ({
  zone: 'America/Chicago',
  country: 'US',
  defaultAuthority: 'CERNER',
  authorityAliases: { 'urn:oid:2.16.840.1.113883.6.1000': 'CERNER' },
  nullMeans: 'clear',
  remap: [],
  profile: null,
  source: TENANT,
  base: `https://fhir-open.cerner.com/r4/${TENANT}`,
  version,
  appointmentAuthority: 'CERNER',
  visitAuthority: 'CERNER',
})

const SETTINGS = { R4: settingsOf('R4'), DSTU2: settingsOf('DSTU2') }
const READ_AT = '2026-08-14T12:00:00.000Z'

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The resources of a file, in order: of a Bundle or a list each entry. */
function resourcesIn(value: unknown): ParsedResource[] {
  if (Array.isArray(value)) return value.flatMap(resourcesIn)
  if (!isObject(value)) return []
  if (value['resourceType'] === 'Bundle') return resourcesIn(value['entry'] ?? [])
  if (typeof value['resourceType'] === 'string') return [value as ParsedResource]
  return 'resource' in value ? resourcesIn(value['resource']) : []
}

function outcomeOf(resource: ParsedResource, version: 'R4' | 'DSTU2'): Outcome {
  const type = resource.resourceType
  const plain = { type, warnings: [], failed: false }
  if (resource.id === undefined) return { ...plain, outcome: 'request body, not read' }
  try {
    if (type === 'Slot') return { ...plain, outcome: `slot, ${readSlot(inR4(resource, version)).status}` }
    if (type === 'Schedule')
      return { ...plain, outcome: `schedule of ${readSchedule(inR4(resource, version)).actors.length}` }
    const mapped = mapFhir(JSON.stringify(resource), SETTINGS[version], READ_AT)
    return { ...plain, mapped, outcome: wordsOf(mapped), warnings: warningsOf(mapped) }
  } catch (error) {
    const code =
      error instanceof IntegrationError ? `${error.code} ${JSON.stringify(error.at)}` : String(error)
    return { ...plain, outcome: code, failed: true }
  }
}

const inR4 = (resource: ParsedResource, version: 'R4' | 'DSTU2'): ParsedResource =>
  version === 'DSTU2' ? fromDstu2(resource) : resource

const warningsOf = (mapped: MappedFhir): string[] =>
  mapped.kind === 'mapped' ? mapped.message.warnings.map(({ code, place }) => `${code} ${place}`) : []

function wordsOf(mapped: MappedFhir): string {
  switch (mapped.kind) {
    case 'directory':
      return `directory, ${mapped.entry.kind}`
    case 'ignored':
      return `ignored, ${mapped.code}`
    case 'mapped': {
      const parts = mapped.message.statements.map(({ record, effect, fields, sets }) => {
        const rows = Object.entries(sets).filter(([name]) => name !== 'identifiers')
        const said = rows.map(([name, set]) => `${set.rows.length} ${name}`)
        return [`${record} ${effect}`, `${Object.keys(fields).length} fields`, ...said].join(', ')
      })
      return parts.join('; ')
    }
  }
  return mapped satisfies never
}

/** Equal outcomes of one file as one line with their number. */
function lines({ file, resources }: FileOutcome): [file: string, type: string, outcome: string][] {
  if (resources.length === 0) return [[file, '', 'no resource']]
  const counted = new Map<string, { type: string; outcome: string; count: number }>()
  for (const { type, outcome, warnings } of resources) {
    const whole = warnings.length === 0 ? outcome : `${outcome} (${[...new Set(warnings)].join(', ')})`
    const known = counted.get(type + whole)
    if (known) known.count += 1
    else counted.set(type + whole, { type, outcome: whole, count: 1 })
  }
  return [...counted.values()].map(({ type, outcome, count }) => [
    file,
    count === 1 ? type : `${count} ${type}`,
    outcome,
  ])
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function printFields({ file, resources }: FileOutcome): void {
  print(`\n=== ${file}`)
  for (const { type, outcome, warnings, mapped } of resources) {
    print(`${type}: ${outcome}`)
    for (const warning of warnings) print(`  ! ${warning}`)
    if (mapped?.kind === 'directory') print(`  ${JSON.stringify(mapped.entry)}`)
    if (mapped?.kind !== 'mapped') continue
    print(`  asOf ${mapped.message.asOf}`)
    for (const statement of mapped.message.statements) {
      print(
        `  ${statement.record} ${statement.effect} ${statement.keys.map((key) => `${key.type}:${key.value}@${key.authority}`).join(' ')}`,
      )
      for (const [name, { value, place }] of Object.entries(statement.fields))
        print(`    ${name} = ${JSON.stringify(value)} <- ${place}`)
      for (const [name, { rows, place }] of Object.entries(statement.sets))
        for (const row of rows) print(`    ${name}: ${JSON.stringify(row)} <- ${place}`)
    }
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      fields: { type: 'boolean', default: false },
    },
  })
  if (values.folder === undefined) {
    print('node test/vendor-examples.ts --folder DIR [--json | --markdown | --fields]')
    process.exit(2)
  }
  const files = (await readdir(values.folder)).filter((name) => name.endsWith('.json')).sort()
  const outcomes: FileOutcome[] = []
  for (const file of files) {
    const value = parseExact(await readFile(join(values.folder, file), 'utf8'))
    const version = file.startsWith('dstu2') ? 'DSTU2' : 'R4'
    outcomes.push({ file, resources: resourcesIn(value).map((one) => outcomeOf(one, version)) })
  }
  if (values.json)
    print(
      JSON.stringify(
        outcomes.map(({ file, resources }) => ({
          file,
          resources: resources.map(({ mapped: _mapped, ...rest }) => rest),
        })),
        null,
        2,
      ),
    )
  else if (values.fields) outcomes.forEach(printFields)
  else {
    if (values.markdown) print('| File | Resource | Outcome |\n|---|---|---|')
    for (const line of outcomes.flatMap(lines))
      print(values.markdown ? `| ${line.join(' | ')} |` : line.join('\t'))
  }
  process.exitCode = outcomes.some(({ resources }) => resources.some(({ failed }) => failed)) ? 1 : 0
}
