import { isDeepStrictEqual } from 'node:util'
import { hl7v2Settings } from '../../src/connectors/hl7v2/definition.ts'
import { IntegrationError } from '../../src/kernel/errors.ts'
import { mapHl7v2 } from '../../src/mapping/map-hl7v2.ts'
import { mapSettingsOf, readerOf } from '../../src/engine/read-message.ts'
import { buildAck, readAck } from '../../src/standards/hl7v2/ack.ts'
import { decode } from '../../src/standards/hl7v2/decode.ts'
import { encode } from '../../src/standards/hl7v2/encode.ts'
import { envelopeOf, readEnvelope } from '../../src/standards/hl7v2/envelope.ts'
import type { Hl7Message } from '../../src/standards/hl7v2/message.ts'
import { check } from '../../src/standards/hl7v2/structures.ts'

const settings = hl7v2Settings.parse({ zone: 'America/Chicago', defaultAuthority: 'CERNER' })
const mapSettings = mapSettingsOf(settings)
const reader = readerOf(settings)
const at = Date.UTC(2026, 0, 5)

/** What a message turned out to be; the shares of a run show that the mutations still reach every step. */
export type Examined = 'mapped' | 'ignored' | 'refused' | 'batch' | 'unreadable'

/**
 * Takes bytes through everything that is done to a message before the database: envelope, acknowledgement, decode,
 * structure, encode, map. None of it may throw, but for the map's own refusals.
 *
 * @throws Error naming the step whose promise was broken
 */
export function examine(bytes: Uint8Array): Examined {
  const envelope = readEnvelope(bytes)
  const ack = readAck(buildAck(bytes, { code: 'AE', controlId: 'A', at }))
  if (!ack.readable || ack.code !== 'AE') throw new Error('the acknowledgement cannot be read')
  const decoded = decode(bytes)
  if (envelope.batch !== (decoded.kind === 'batch')) throw new Error('envelope and decoder differ on a batch')
  switch (decoded.kind) {
    case 'unreadable':
      return 'unreadable'
    case 'batch':
      // Each member is stored and read again by itself, as the engine does it.
      for (const { bytes: part } of decoded.batch.messages) {
        const member = decode(part)
        if (member.kind === 'message') examineMessage(member.message)
      }
      return 'batch'
    case 'message':
      if (!isDeepStrictEqual(envelope, envelopeOf(decoded.message)))
        throw new Error('the quick and the full envelope differ')
      return examineMessage(decoded.message)
    default:
      return decoded satisfies never
  }
}

function examineMessage(message: Hl7Message): Examined {
  if (message.warnings.some(({ severity }) => severity === 'F')) throw new Error('a warning is fatal')
  if (check(message, 'strict').length > 100) throw new Error('the structure check has no end')
  check(message, 'tolerant')
  const again = reader.decode(encode(message))
  if (again.segments.length !== message.segments.length) throw new Error('encoding changed the segments')
  try {
    const mapped = mapHl7v2(message, mapSettings, '2026-01-05T14:00:00.000Z')
    if (mapped.kind === 'ignored') return 'ignored'
    JSON.stringify(mapped.message)
    return 'mapped'
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    if (error.kind !== 'permanent')
      throw new Error('the map refuses with an error that passes', { cause: error })
    return 'refused'
  }
}
