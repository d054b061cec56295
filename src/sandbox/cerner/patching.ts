import { applyPatch } from 'rfc6902'
import { z } from 'zod'
import type { Operation } from './base.ts'
import type { Resource } from './contract.ts'
import { againstRule, invalidRequest, unprocessable } from './outcomes.ts'

/** One row of a patch table: which operation may go where, and what it needs beside it. */
export interface PatchRule {
  readonly op: Operation['op']
  /** The whole path; a group `i` is the index of an element. */
  readonly path: RegExp
  /** The member of the same element that a `test` has to name, as `/telecom/0/id`. */
  readonly test?: (path: string) => string
}

const operations = z
  .array(
    z.object({
      op: z.enum(['add', 'remove', 'replace', 'test']),
      path: z.string().startsWith('/'),
      value: z.unknown().optional(),
    }),
  )
  .min(1)

/** @throws Refusal 400 for anything but a list of operations */
export function readOperations(body: unknown): readonly Operation[] {
  const read = operations.safeParse(body)
  if (!read.success) throw invalidRequest()
  return read.data
}

/** @throws Refusal 422 for an operation that no row allows, or that lacks its `test` */
export function checkAgainst(rules: readonly PatchRule[], given: readonly Operation[]): void {
  const tested = new Set(given.filter((one) => one.op === 'test').map((one) => one.path))
  for (const { op, path } of given) {
    if (op === 'test') continue
    const rule = rules.find((one) => one.op === op && one.path.test(path))
    if (rule === undefined) throw againstRule(path)
    if (rule.test !== undefined && !tested.has(rule.test(path))) throw againstRule(path)
  }
}

/**
 * Applies a patch whose indexes all mean the version that `If-Match` names: tests first, then replacements, then
 * removals from the back, then additions.
 *
 * @throws Refusal 422 when a test fails or a path leads nowhere
 */
export function applied(resource: Resource, given: readonly Operation[]): Resource {
  const copy = structuredClone(resource)
  const inOrder = [...given].sort((a, b) => ORDER[a.op] - ORDER[b.op] || fromTheBack(a, b))
  const ready = inOrder.map((one) =>
    one.op === 'remove' ? { op: one.op, path: one.path } : { op: one.op, path: one.path, value: one.value },
  )
  // Adding to a list that the record lacks makes the list.
  const failed = applyPatch(copy, ready, { implicitArrayCreation: true }).find((one) => one !== null)
  if (failed !== undefined) throw unprocessable()
  return copy
}

const ORDER = { test: 0, replace: 1, remove: 2, add: 3 } as const
const indexIn = (path: string): number => Number(/^\/[^/]+\/(\d+)/.exec(path)?.[1] ?? 0)
const fromTheBack = (a: Operation, b: Operation): number =>
  a.op === 'remove' ? indexIn(b.path) - indexIn(a.path) : 0
