import type { FastifyInstance } from 'fastify'
import { Refusal } from './contract.ts'
import { INVALID_REQUEST } from './server-bodies.ts'

const JSON_TYPES = [
  'application/fhir+json',
  'application/json+fhir',
  'application/json-patch+json',
  'application/json',
]
const XML_TYPES = ['application/xml', 'text/xml', 'application/soap+xml', 'application/fhir+xml']

/** A document of 20 MB in base64 fits; past it the answer is 413. */
export const BODY_LIMIT_BYTES = 30 * 1024 * 1024

/**
 * Reads bodies by media type: JSON to values, forms to URLSearchParams (a repeated name stays seen), XML to text.
 * An empty JSON body becomes undefined; any other media type is refused with 415.
 *
 * @see cerner-fhir-r4.md §1.2
 */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    JSON_TYPES,
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => jsonOf(String(body)),
  )
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => new URLSearchParams(String(body)),
  )
  app.addContentTypeParser(
    XML_TYPES,
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => String(body),
  )
}

function jsonOf(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal(400, INVALID_REQUEST)
  }
}
