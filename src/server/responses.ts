import type { FastifySerializerCompiler } from 'fastify'
import { z } from 'zod'
import type { ZodType } from 'zod'
import { problem } from '../contract/common.ts'
import { IntegrationError } from '../kernel/errors.ts'

const problems = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problem } },
})

/** The answers of a route: what it gives, and the problems that can come instead. */
export const answers = <T extends ZodType>(schema: T) => ({
  200: schema,
  '4xx': problems('The request cannot be carried out as it is.'),
  '5xx': problems('Something is wrong on our side, or the database is away.'),
})

export const idParameter = z.object({ id: z.uuid() })

/** @throws NOT_FOUND when there is nothing */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new IntegrationError('NOT_FOUND', { what })
  return value
}

// Responses are typed against their schemas when they are built, so they are only written out here. Walking through
// each page of fifty rows once more would cost more than reading it from the database did.
export const writeJson: FastifySerializerCompiler<ZodType> = () => (data) => JSON.stringify(data)

/** For tests: also fails when a response is not exactly what its schema says. */
export const writeCheckedJson: FastifySerializerCompiler<ZodType> =
  ({ schema, method, url }) =>
  (data) => {
    const written = JSON.stringify(data)
    const plain: unknown = JSON.parse(written)
    const checked = JSON.stringify(sorted(schema.parse(plain)))
    if (checked !== JSON.stringify(sorted(plain)))
      throw new Error(`${method} ${url} sends more than its schema says`)
    return written
  }

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]),
  )
}
