import { IntegrationError } from '../../kernel/errors.ts'
import { originsOf, valueOf } from '../../model/document.ts'
import { keepContent, readContent } from '../../store/document-content.ts'
import { readDocument } from '../../store/outbox-records.ts'
import { carrierOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'

/**
 * The content of a document: kept here, or read from Cerner once and kept sealed.
 *
 * @throws NOT_FOUND, PROFILE_FORBIDS, ROAD_OFF and what the road throws
 */
export async function documentContent(
  parts: OutboundParts,
  id: string,
): Promise<{ bytes: Uint8Array; mediaType: string }> {
  const { database, vault } = parts
  const kept = await readContent(database, vault, id)
  if (kept) return kept
  const document = await readDocument(database, vault, 'document', id)
  const url = document && valueOf(document, 'content_url')
  if (!document || typeof url !== 'string')
    throw new IntegrationError('NOT_FOUND', { what: 'document content' })
  const from = originsOf(document)['content_url']?.connection_id
  const own = parts.connections().find((one) => one.id === from)
  const { road } = await carrierOf(parts, 'documents', own?.id)
  const read = await road.content(url)
  await keepContent(database, vault, id, read)
  return read
}
