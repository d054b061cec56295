import type { DecodedExchange, DecodedNode } from '../contract/exchanges.ts'
import type { Instant } from '../kernel/calendar-date.ts'
import { ERRORS, IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { ExchangeId } from '../kernel/ids.ts'
import type { MappedMessage } from '../model/statement.ts'
import { placeText } from '../standards/hl7v2/problem.ts'
import { describe } from '../standards/hl7v2/tree.ts'
import type { TreeComponent, TreeNode, TreeRepetition, TreeSegment } from '../standards/hl7v2/tree.ts'
import type { Database } from '../store/database.ts'
import { instantOfId } from '../store/reading.ts'
import { exchangeErrorOf } from '../store/exchange-error.ts'
import { loadRaw } from '../store/exchange-raw.ts'
import type { Vault } from '../vault/vault.ts'
import { reasonOf } from './read-job.ts'
import { jsonTree } from './json-tree.ts'
import type { FhirReader, Reader } from './reader.ts'

/** Parses and maps the stored bytes again: the three panes of the exchange page. */
export async function viewExchange(
  options: { database: Database; vault: Vault; readerOf: (id: never) => Reader },
  id: ExchangeId,
): Promise<DecodedExchange> {
  const { database, vault } = options
  const raw = await loadRaw(database, id)
  if (!raw) throw new IntegrationError('NOT_FOUND', { what: 'exchange' })
  const bytes = vault.open(`exchange/raw/${id}`, raw.sealed_raw)
  const receivedAt = instantOfId(raw.replay_of ?? id)
  if (raw.direction === 'out') return viewCall(bytes)
  const reader = options.readerOf(raw.connection_id as never)
  if (reader.channel === 'cerner') return viewResource(bytes.toString('utf8'), reader, receivedAt)
  let message
  try {
    message = reader.decode(bytes)
  } catch (error) {
    const { code, place } = reasonOf(error)
    const says = error instanceof IntegrationError ? error.message : sentenceOf(code, place).says
    const problem = { code, place: place ?? 'MSH', says, todo: ERRORS[code].todo }
    return {
      text: bytes.toString('latin1'),
      charset: 'latin1',
      segments: [],
      mapped: [],
      warnings: [],
      problem,
    }
  }
  const warnings = message.warnings.map((one) => ({
    code: one.code,
    place: placeText(one.place),
    says: one.says,
  }))
  const base = { text: message.text, charset: message.charset, segments: describe(message).map(segmentNode) }
  try {
    const mapped = reader.map(message, receivedAt)
    if (mapped.kind === 'ignored') {
      const { says, todo } = sentenceOf(mapped.code, mapped.place)
      const problem = { code: mapped.code, place: mapped.place, says, todo }
      return { ...base, mapped: [], warnings, problem }
    }
    const found = mapped.message.warnings.filter((one) => !warnings.some((known) => sameWarning(known, one)))
    return { ...base, mapped: rowsOf(mapped.message), warnings: [...warnings, ...found], problem: null }
  } catch (error) {
    const { code, place } = reasonOf(error)
    const says = error instanceof IntegrationError ? error.message : sentenceOf(code, place).says
    return {
      ...base,
      mapped: [],
      warnings,
      problem: { code, place: place ?? '', says, todo: ERRORS[code].todo },
    }
  }
}

/** A call of ours: what was asked and what came back, as text. */
function viewCall(bytes: Buffer): DecodedExchange {
  return {
    text: bytes.toString('utf8'),
    charset: 'utf-8',
    segments: [],
    mapped: [],
    warnings: [],
    problem: null,
  }
}

function viewResource(text: string, reader: FhirReader, receivedAt: Instant): DecodedExchange {
  const base = { text, charset: 'utf-8', segments: jsonTree(text) }
  try {
    const read = reader.map(text, receivedAt)
    if (read.kind === 'directory') return { ...base, mapped: [], warnings: [], problem: null }
    if (read.kind === 'mapped') {
      return { ...base, mapped: rowsOf(read.message), warnings: [...read.message.warnings], problem: null }
    }
    const said = sentenceOf(read.code, read.place)
    return { ...base, mapped: [], warnings: [], problem: { code: read.code, place: read.place, ...said } }
  } catch (error) {
    const { code, place } = reasonOf(error)
    const says = error instanceof IntegrationError ? error.message : sentenceOf(code, place).says
    const problem = { code, place: place ?? '', says, todo: ERRORS[code].todo }
    return { ...base, mapped: [], warnings: [], problem }
  }
}

const segmentNode = (segment: TreeSegment): DecodedNode => ({
  path: segment.path,
  name: segment.name,
  start: segment.start,
  end: segment.end,
  children: segment.fields.map((field) => {
    const [only] = field.repetitions
    if (only && field.repetitions.length === 1)
      return { ...repetitionNode(only), path: field.path, name: field.name }
    return { ...leaf(field), children: field.repetitions.map(repetitionNode) }
  }),
})

const repetitionNode = (repetition: TreeRepetition): DecodedNode =>
  repetition.components.length === 0
    ? leaf(repetition)
    : { ...leaf(repetition), value: undefined, children: repetition.components.map(componentNode) }

const componentNode = (component: TreeComponent): DecodedNode =>
  component.subcomponents.length === 0
    ? leaf(component)
    : { ...leaf(component), value: undefined, children: component.subcomponents.map(leaf) }

const leaf = ({ path, name, start, end, value, isNull }: TreeNode): DecodedNode => ({
  path,
  name,
  start,
  end,
  value,
  ...(isNull ? { cleared: true } : {}),
})

interface Warned {
  code: string
  place: string
}
const sameWarning = (a: Warned, b: Warned): boolean => a.code === b.code && a.place === b.place

function rowsOf(message: MappedMessage): DecodedExchange['mapped'] {
  return message.statements.flatMap((statement) => [
    ...Object.entries(statement.fields).map(([field, said]) => ({
      record: statement.record,
      field,
      place: said.place,
      value: said.value,
    })),
    ...Object.entries(statement.sets).map(([field, said]) => ({
      record: statement.record,
      field,
      place: said.place,
      value: said.rows,
    })),
  ])
}

/** The sentence of the error table for a code that was kept with its place. */
export function sentenceOf(code: ErrorCode, place: string | null): { says: string; todo: string } {
  const { says, todo } = exchangeErrorOf(code, place)
  return { says, todo }
}
