import { z } from 'zod'
import type { Resource } from './contract.ts'
import { againstRule, invalidRequest } from './outcomes.ts'

/** Parts of FHIR bodies that several types take. Unknown members pass, since the hospital ignores most. */
export const coding = z.looseObject({
  system: z.string().optional(),
  code: z.string().optional(),
  display: z.string().optional(),
})
export const codeable = z.looseObject({ coding: z.array(coding).optional(), text: z.string().optional() })
export const pointer = z.looseObject({ reference: z.string(), display: z.string().optional() })

const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** An instant with its zone. */
export const moment = z.string().regex(zoned)
export const timedPeriod = z.looseObject({ start: moment.optional(), end: moment.optional() })
export const quantity = z.looseObject({
  value: z.number(),
  unit: z.string().optional(),
  system: z.string().optional(),
  code: z.string().optional(),
})

export type CodeableBody = z.infer<typeof codeable>

/** Reads a body by its schema. @throws Refusal 400 where it cannot be mapped */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const read = schema.safeParse(body)
  if (!read.success) throw invalidRequest()
  return read.data
}

/** Reads a body by a rule. @throws Refusal 422 naming the first place that breaks it */
export function readByRule<T>(schema: z.ZodType<T>, body: unknown): T {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  const [type] =
    typeof body === 'object' && body !== null && 'resourceType' in body ? [body.resourceType] : ['']
  const [issue] = read.error.issues
  throw againstRule([String(type), ...(issue?.path ?? []).map(String)].join('.'))
}

/** What no body may carry. @see cerner-fhir-r4.md §1.3 */
export function refuseModifiers(body: Resource): void {
  if ('implicitRules' in body) throw againstRule('implicitRules', 'not-supported')
  if ('modifierExtension' in body) throw againstRule('modifierExtension', 'extension')
}

/** Whether a concept holds one of the codes of a system. */
export const hasCode = (of: CodeableBody | undefined, system: string, ...codes: readonly string[]): boolean =>
  (of?.coding ?? []).some((one) => one.system === system && codes.includes(one.code ?? ''))
