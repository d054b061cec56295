import type { Resource } from './contract.ts'

/** The bytes that a Binary carries as base64. */
export const binaryBytes = (resource: Resource): Buffer => Buffer.from(String(resource['data']), 'base64')
