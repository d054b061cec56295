import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, encodeFrames } from './bytes.ts'
import { anyStream, cut, payload } from './frames.arbitraries.ts'
import { FrameDecoder } from './frames.ts'
import type { FrameEvent } from './frames.ts'

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const decoder = (options: { limit?: number; acceptUnframed?: boolean } = {}): FrameDecoder =>
  new FrameDecoder({ frameBytes: options.limit ?? 1000 }, { acceptUnframed: options.acceptUnframed ?? false })

/** Events as short text, so that a test reads as a line. */
function told(events: FrameEvent[]): string[] {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  return events.map((event) => {
    switch (event.kind) {
      case 'frame':
        return `frame ${event.marked ? 'marked ' : ''}${text(event.bytes)}`
      case 'fragment':
        return `fragment ${text(event.bytes)}`
      case 'noise':
        return `noise ${event.count} ${text(event.bytes)}`
      case 'too-large':
        return `too-large ${text(event.head)}`
      case 'wrong-peer':
        return `wrong-peer ${event.peer}`
      case 'empty':
        return 'empty'
      default:
        return event satisfies never
    }
  })
}
const read = (text: string, options: Parameters<typeof decoder>[0] = {}): string[] => {
  const frames = decoder(options)
  return told([...frames.push(bytesOf(text)), ...frames.end()])
}

describe('frames', () => {
  test('several frames in one slice come out one by one', () => {
    expect(read('\x0bA\x1c\r\x0bB\x1c\r\x0bC\x1c\r')).toEqual(['frame A', 'frame B', 'frame C'])
  })

  test('CR, LF, NUL, FS and space between frames are dropped silently', () => {
    expect(read('\r\n\0\x1c \x0bA\x1c\r\r\n\0\0\x1c\x0bB\x1c\r\n')).toEqual(['frame A', 'frame B'])
  })

  test('other bytes between frames are told once per burst, with the first 64 of them', () => {
    expect(read('hello world\r\n\x0bA\x1c\rxx\x0bB\x1c\r')).toEqual([
      'noise 13 hello world\r\n',
      'frame A',
      'noise 2 xx',
      'frame B',
    ])
    expect(read('y'.repeat(100))).toEqual([`noise 100 ${'y'.repeat(64)}`])
  })

  test('a new VT inside a frame leaves a fragment and is never joined to it', () => {
    expect(read('\x0bfirst\x0bsecond\x1c\r')).toEqual(['fragment first', 'frame second'])
  })

  test('FS LF and FS VT end a frame too, and that VT starts the next one', () => {
    expect(read('\x0bA\x1c\n\x0bB\x1c\x0bC\x1c\r')).toEqual(['frame A', 'frame B', 'frame C'])
  })

  test('FS before any other byte is content, and the frame is marked', () => {
    expect(read('\x0bA\x1cB\x1c\x1c\r\x0bC\x1c\r')).toEqual(['frame marked A\x1cB\x1c', 'frame C'])
  })

  test('FS and then nothing is a frame when the grace is over, and a late CR is dropped', () => {
    const frames = decoder()
    expect(frames.push(bytesOf('\x0bA\x1c'))).toEqual([])
    expect(frames.awaitsTrailer).toBe(true)
    expect(told(frames.graceExpired())).toEqual(['frame A'])
    expect(frames.awaitsTrailer).toBe(false)
    expect(told(frames.push(bytesOf('\r\x0bB\x1c\r')))).toEqual(['frame B'])
    expect(frames.graceExpired()).toEqual([])
  })

  test('the end of the stream inside a frame leaves a fragment; after FS it leaves the frame', () => {
    expect(read('\x0bhalf')).toEqual(['fragment half'])
    expect(read('\x0bwhole\x1c')).toEqual(['frame whole'])
  })

  test('VT FS CR is an empty frame', () => {
    expect(read('\x0b\x1c\r\x0bA\x1c\r')).toEqual(['empty', 'frame A'])
  })

  test('a frame at the limit passes and one byte more is refused with its head, wherever it ends', () => {
    expect(read('\x0b12345\x1c\r', { limit: 5 })).toEqual(['frame 12345'])
    for (const rest of ['', '\x1c\r', '\x0bB\x1c\r', '7890\x1c\r'])
      expect(read(`\x0b123456${rest}`, { limit: 5 })).toEqual(['too-large 12345'])
  })

  test('an FS inside the content counts against the limit like any other byte', () => {
    expect(read('\x0b12345\x1c6\x1c\r', { limit: 5 })).toEqual(['too-large 12345'])
    expect(read('\x0b1234\x1c\x1c\r', { limit: 5 })).toEqual(['frame marked 1234\x1c'])
  })

  test('nothing is read after a refusal', () => {
    const frames = decoder({ limit: 2 })
    frames.push(bytesOf('\x0bABC'))
    expect(frames.push(bytesOf('\x1c\r\x0bD\x1c\r'))).toEqual([])
    expect(frames.pendingBytes).toBe(0)
  })

  test('a wrong peer is told by its first bytes, and only by its first bytes', () => {
    expect(read('\x16\x03\x01\x02')).toEqual(['wrong-peer tls'])
    expect(read('GET / HTTP/1.1\r\n')).toEqual(['wrong-peer http'])
    expect(read('SSH-2.0-OpenSSH')).toEqual(['wrong-peer ssh'])
    expect(read('\x0bA\x1c\rGET / HTTP')).toEqual(['frame A', 'noise 10 GET / HTTP'])
    expect(read('GEX')).toEqual(['noise 3 GEX'])
  })

  test('bytes without VT are noise, or a frame where the connection accepts them', () => {
    expect(read('MSH|^~\\&|A\rPID|1\r\x1c\r')).toEqual(['noise 19 MSH|^~\\&|A\rPID|1\r\x1c\r'])
    expect(read('MSH|A\rPID|1\r\x1c\rMSH|B\x1c\r', { acceptUnframed: true })).toEqual([
      'frame MSH|A\rPID|1\r',
      'frame MSH|B',
    ])
    expect(read('MSX\rMMSH\rMSH|A\x1c\r', { acceptUnframed: true })).toEqual([
      'noise 3 MSX',
      'noise 4 MMSH',
      'frame MSH|A',
    ])
    expect(read('MS\x0bA\x1c\r', { acceptUnframed: true })).toEqual(['noise 2 MS', 'frame A'])
    expect(read('MS', { acceptUnframed: true })).toEqual(['noise 2 MS'])
  })

  test('the decoder says whether silence would be inside a frame', () => {
    const frames = decoder()
    expect(frames.idleInFrame).toBe(false)
    frames.push(bytesOf('\x0bAB'))
    expect([frames.idleInFrame, frames.pendingBytes]).toEqual([true, 2])
    frames.push(bytesOf('C\x1c\r'))
    expect([frames.idleInFrame, frames.pendingBytes]).toEqual([false, 0])
  })
})

describe('properties', () => {
  const options = fc.record({ acceptUnframed: fc.boolean(), limit: fc.constantFrom(1, 3, 20, 1000) })
  const places = fc.array(fc.nat(200), { maxLength: 12 })

  test('any split of any stream gives the same events', () => {
    fc.assert(
      fc.property(anyStream, places, options, (stream, at, how) => {
        const whole = decoder(how)
        const inSlices = decoder(how)
        const expected = told([...whole.push(stream), ...whole.end()])
        const slices = cut(stream, at).flatMap((slice) => inSlices.push(slice))
        expect(told([...slices, ...inSlices.end()])).toEqual(expected)
        const byteByByte = decoder(how)
        const single = Array.from(stream, (byte) => Uint8Array.of(byte)).flatMap((slice) =>
          byteByByte.push(slice),
        )
        expect(told([...single, ...byteByByte.end()])).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('what was framed comes back whole, in order and unmarked', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 8 }), places, (payloads, at) => {
        const frames = decoder()
        const events = cut(encodeFrames(payloads), at).flatMap((slice) => frames.push(slice))
        expect(events).toEqual(payloads.map((bytes) => ({ kind: 'frame', bytes })))
        expect(frames.end()).toEqual([])
      }),
    )
  })

  test('one frame and a run of one frame are the same bytes', () => {
    fc.assert(fc.property(payload, (bytes) => void expect(encodeFrame(bytes)).toEqual(encodeFrames([bytes]))))
  })
})

test('a frame sent byte by byte is gathered without keeping a piece per byte', () => {
  const frames = decoder({ limit: 2_000_000 })
  frames.push(Uint8Array.of(0x0b))
  for (let n = 0; n < 1_000_000; n++) frames.push(Uint8Array.of(0x41))
  expect(frames.pendingBytes).toBe(1_000_000)
  const [event] = frames.push(Uint8Array.of(0x1c, 0x0d))
  expect(event).toMatchObject({ kind: 'frame', bytes: { length: 1_000_000 } })
})
