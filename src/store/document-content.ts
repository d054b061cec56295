import type { Vault } from '../vault/vault.ts'
import type { Queryable } from './columns.ts'

/** The content of a clinical document, with its media type. */
export interface DocumentContent {
  bytes: Buffer
  mediaType: string
}

export const READ_CONTENT = `
select media_type, sealed from document_content where practice_id = current_practice() and document_id = $1`

/** @throws SEAL_BROKEN when the row was changed or moved */
export async function readContent(
  client: Queryable,
  vault: Vault,
  documentId: string,
): Promise<DocumentContent | undefined> {
  const values = [documentId]
  const { rows } = await client.query<{ media_type: string; sealed: Buffer }>({
    name: 'read-document-content',
    text: READ_CONTENT,
    values,
  })
  const [row] = rows
  return row && { bytes: vault.open(placeOf(documentId), row.sealed), mediaType: row.media_type }
}

export const KEEP_CONTENT = `
insert into document_content (practice_id, document_id, media_type, size_bytes, sealed)
values (current_practice(), $1, $2, $3, $4)
on conflict (practice_id, document_id) do update set media_type = excluded.media_type, size_bytes = excluded.size_bytes,
  sealed = excluded.sealed, fetched_at = now()`

/** Keeps the content, sealed. */
export async function keepContent(
  client: Queryable,
  vault: Vault,
  documentId: string,
  content: { bytes: Uint8Array; mediaType: string },
): Promise<void> {
  const sealed = vault.seal(placeOf(documentId), content.bytes)
  const values = [documentId, content.mediaType, content.bytes.length, sealed]
  await client.query({ name: 'keep-document-content', text: KEEP_CONTENT, values })
}

const placeOf = (documentId: string): string => `document_content/${documentId}`
