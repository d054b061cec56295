import fc from 'fast-check'

// Bytes that mean something to the decoder come up far more often than by chance.
const telling = fc.constantFrom(0x0b, 0x1c, 0x0d, 0x0a, 0x00, 0x20, 0x4d, 0x53, 0x48, 0x16, 0x03)
const opening = fc.constantFrom(
  '',
  'GET / HTTP/1.1\r\n',
  'POST ',
  'SSH-2.0',
  '\x16\x03\x01',
  'GETS',
  'MSH|',
  'hello world',
)

/** Streams full of marks, begun frames, noise and the openings of wrong peers. */
export const anyStream: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    opening,
    fc.array(fc.oneof({ weight: 3, arbitrary: telling }, { weight: 2, arbitrary: fc.nat(255) }), {
      maxLength: 120,
    }),
  )
  .map(([first, rest]) => Uint8Array.from([...Buffer.from(first, 'latin1'), ...rest]))

/** A payload as HL7 has them: any bytes but VT and FS, at least one. */
export const payload: fc.Arbitrary<Uint8Array> = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .map((bytes) => bytes.map((byte) => (byte === 0x0b || byte === 0x1c ? 0x41 : byte)))

/** The same bytes cut at the places given. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  const slices: Uint8Array[] = []
  let from = 0
  for (const edge of [...edges, bytes.length]) {
    slices.push(bytes.slice(from, edge))
    from = edge
  }
  return slices
}
