import { IntegrationError } from '../../kernel/errors.ts'

const NEWLINE = 0x0a
const DEFAULT_LIMIT_BYTES = 32 * 1024 * 1024

/**
 * Gives the lines of an NDJSON stream one by one, so that a file of any size needs the memory of its longest line.
 * Empty lines are left out; CR LF ends are taken.
 *
 * @param place names the file in errors
 * @throws FHIR_ANSWER_TOO_LARGE when one line is longer than `limitBytes`
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  place: string,
  limitBytes = DEFAULT_LIMIT_BYTES,
): AsyncGenerator<string, void, undefined> {
  // A character may be cut by the end of a chunk, so bytes are joined before they become text.
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = textOf([...waiting, chunk.subarray(from, end)])
      if (line !== '') yield line
      waiting = []
      waitingBytes = 0
      from = end + 1
    }
    if (from === chunk.length) continue
    waiting.push(chunk.slice(from))
    waitingBytes += chunk.length - from
    if (waitingBytes > limitBytes)
      throw new IntegrationError('FHIR_ANSWER_TOO_LARGE', { call: place, limitBytes })
  }
  const last = textOf(waiting)
  if (last !== '') yield last
}

const decoder = new TextDecoder()

function textOf(parts: readonly Uint8Array[]): string {
  const [only] = parts
  const bytes = parts.length === 1 && only ? only : joined(parts)
  return decoder.decode(bytes).trim()
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
