/** A small generator of numbers (mulberry32): the same seed gives the same numbers everywhere. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

type Next = (below: number) => number
type Mutation = (bytes: Buffer, next: Next) => Buffer

// Bytes that mean something to HL7, MLLP or a character set.
const TELLING = Buffer.from('\r\n|^~\\&#"MSHPIDOBX\0\v\x1c\x1b 0{\x7f\x80\xc3\xa9\xff\xfe', 'latin1')

// prettier-ignore
const SNIPPETS = [
  '\rMSH|^~\\&|', '\rBTS|1\r', 'FHS|^~\\&|A\r', 'BHS|^~\\&|A\r', '\\X0D\\', '\\XC3\\\\XA9\\', '\\.br\\', '\\.sp 999999\\',
  '\\Z', '\\C2842\\', '""', '|""|', '\r\r\r', '\r\n', '\rZZZ|1', '\rpid|1', '|UNICODE UTF-16|', '|8859/1|', '~~~~', '&&&&',
  '^^^^', '||||||||', '\xef\xbb\xbf', '\xff\xfe', '\0M\0S\0H', '20229999', '-1', '99999999999999999999', '<script>', '%00',
].map((text) => Buffer.from(text, 'latin1'))

const at = (bytes: Buffer, next: Next): number => next(bytes.length + 1)

const splice = (bytes: Buffer, from: number, to: number, insert: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(to)])

// prettier-ignore
const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, next) {
    const copy = Buffer.from(bytes)
    const place = next(copy.length || 1)
    if (place < copy.length) copy[place] = (copy[place] ?? 0) ^ (1 << next(8))
    return copy
  },
  function setByte(bytes, next) {
    const copy = Buffer.from(bytes)
    const place = next(copy.length || 1)
    if (place < copy.length) copy[place] = TELLING[next(TELLING.length)] ?? 0
    return copy
  },
  function insertSnippet(bytes, next) {
    const place = at(bytes, next)
    return splice(bytes, place, place, SNIPPETS[next(SNIPPETS.length)] ?? Buffer.alloc(0))
  },
  function cutOff(bytes, next) {
    return bytes.subarray(0, at(bytes, next))
  },
  function cutOut(bytes, next) {
    const from = at(bytes, next)
    return splice(bytes, from, Math.min(bytes.length, from + next(64)), Buffer.alloc(0))
  },
  function repeatPart(bytes, next) {
    const from = at(bytes, next)
    const part = bytes.subarray(from, from + next(120))
    return splice(bytes, from, from, Buffer.concat(Array.from({ length: 1 + next(8) }, () => part)))
  },
  function swapLines(bytes, next) {
    const lines = bytes.toString('latin1').split('\r')
    const [a, b] = [next(lines.length), next(lines.length)]
    const [one = '', two = ''] = [lines[a], lines[b]]
    lines[a] = two
    lines[b] = one
    return Buffer.from(lines.join('\r'), 'latin1')
  },
  function otherDelimiter(bytes, next) {
    const from = '|^~\\&'.charCodeAt(next(5))
    const to = TELLING[next(TELLING.length)] ?? 0
    return Buffer.from(bytes.map((byte) => (byte === from ? to : byte)))
  },
  function otherLineEnds(bytes, next) {
    const end = ['\n', '\r\n', '\n\r', '\r\r', ''][next(5)] ?? ''
    return Buffer.from(bytes.toString('latin1').replaceAll('\r', end), 'latin1')
  },
  function widen(bytes, next) {
    const wide = Buffer.from(bytes.toString('latin1'), 'utf16le')
    return next(2) === 0 ? Buffer.concat([Buffer.from([0xff, 0xfe]), wide]) : wide.subarray(next(2))
  },
]

/**
 * Damages a message. The same bytes and seed give the same result, so a finding can be told by its seed.
 *
 * @param seed any integer; 1 to 4 mutations are drawn from it
 */
export function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const next = numbers(seed)
  let damaged: Buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let rounds = 1 + next(4); rounds > 0; rounds--) {
    const mutation = MUTATIONS[next(MUTATIONS.length)]
    if (mutation !== undefined) damaged = mutation(damaged, next)
  }
  return damaged
}
