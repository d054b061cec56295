import { BetweenFrames } from './between.ts'
import { CR, FS, LF, VT } from './bytes.ts'
import { Gather } from './gather.ts'
import type { WrongPeer } from './peers.ts'

export { encodeFrame, encodeFrames } from './bytes.ts'
export type { WrongPeer } from './peers.ts'

/**
 * What a stream of bytes turned out to hold. `bytes` may be a window on the slice that was pushed: whoever keeps it
 * longer than the work on the message copies it.
 */
export type FrameEvent =
  /** A whole payload. `marked`: it holds an FS that ended nothing, which MLLP does not allow. */
  | { kind: 'frame'; bytes: Uint8Array; marked?: true }
  /** The front part of a frame that never ended. */
  | { kind: 'fragment'; bytes: Uint8Array }
  /** `VT FS CR`, which some senders use as a keep-alive. */
  | { kind: 'empty' }
  /** A burst of bytes outside any frame: the first 64 of them, and how many there were. */
  | { kind: 'noise'; bytes: Uint8Array; count: number }
  /** The frame passed the limit; the decoder reads no further. `head` is enough to find the MSH segment. */
  | { kind: 'too-large'; head: Uint8Array }
  /** The far side does not speak MLLP; the decoder reads no further. */
  | { kind: 'wrong-peer'; peer: WrongPeer }

export interface FrameLimits {
  /** Largest payload, in bytes. */
  frameBytes: number
}

export interface FrameOptions {
  /** Take bytes that start with `MSH` outside a frame as a frame, ended by FS. */
  acceptUnframed: boolean
}

const HEAD_BYTES = 8192
const MSH = Uint8Array.of(0x4d, 0x53, 0x48)
const FS_BYTE = Uint8Array.of(FS)

// Where the next occurrence stands; the end of the slice when there is none.
function find(chunk: Uint8Array, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from)
  return at < 0 ? chunk.length : at
}

/**
 * Takes MLLP frames from one TCP stream. One decoder per connection; never shared.
 *
 * Each byte is looked at once: a frame inside one slice is handed out as a window on it (a socket's slice is at most
 * 64 KiB and its frames are worked on together, so a window keeps little alive), any other is gathered once.
 * The same bytes give the same events however they are cut into slices. Nothing throws.
 *
 * @see HL7 MLLP Release 1, block format; docs/reference/hl7-v2.md §1.1
 */
export class FrameDecoder {
  private readonly limit: number
  private readonly between: BetweenFrames
  private readonly gather = new Gather()
  private state: 'between' | 'in' | 'ending' | 'closed' = 'between'
  private marked = false

  constructor(limits: FrameLimits, options: FrameOptions) {
    this.limit = limits.frameBytes
    this.between = new BetweenFrames(options.acceptUnframed)
  }

  /** Bytes held for a frame that is not complete. */
  get pendingBytes(): number {
    return this.gather.length
  }

  /** Bytes of the noise burst under way, not yet told as an event. */
  get pendingNoise(): number {
    return this.between.noise
  }

  /** True when the stream stopped inside a frame: silence from here on means a broken sender. */
  get idleInFrame(): boolean {
    return this.state === 'in' || this.state === 'ending'
  }

  /** True when FS was the last byte: the frame is done at CR, or when {@link graceExpired} is called. */
  get awaitsTrailer(): boolean {
    return this.state === 'ending'
  }

  /** Reads the next slice of the stream. */
  push(chunk: Uint8Array): FrameEvent[] {
    const events: FrameEvent[] = []
    // Both marks are searched once per slice and kept until passed, so that no byte is searched twice.
    let fs = -1
    let vt = -1
    let at = 0
    while (at < chunk.length && this.state !== 'closed') {
      if (this.state === 'between') {
        at = this.readBetween(chunk, at, events)
        continue
      }
      if (this.state === 'ending') {
        at = this.readTrailer(chunk, at, events)
        continue
      }
      if (fs < at) fs = find(chunk, FS, at)
      if (vt < at) vt = find(chunk, VT, at)
      at = this.readContent(chunk, at, Math.min(fs, vt), events)
    }
    return events
  }

  /** The stream ended: what was begun is told as a fragment, or as a frame when only its CR is missing. */
  end(): FrameEvent[] {
    const events: FrameEvent[] = []
    if (this.state === 'between') this.between.end(events)
    if (this.state === 'ending') this.finish(this.gather.take(), events)
    else if (this.state === 'in') events.push({ kind: 'fragment', bytes: this.gather.take() })
    this.state = 'closed'
    return events
  }

  /** FS came and then nothing for the time of grace (250 ms, kept by the caller): the frame is done. */
  graceExpired(): FrameEvent[] {
    const events: FrameEvent[] = []
    if (this.state === 'ending') this.finish(this.gather.take(), events)
    return events
  }

  private readBetween(chunk: Uint8Array, start: number, events: FrameEvent[]): number {
    const stop = this.between.read(chunk, start, events)
    switch (stop) {
      case 'slice ended':
        break
      case 'frame begins':
        this.begin()
        break
      case 'unframed message begins':
        this.begin()
        this.gather.add(MSH)
        break
      case 'wrong peer':
        this.state = 'closed'
        break
      default:
        stop satisfies never
    }
    return this.between.at
  }

  // `end` is the next FS or VT, or the end of the slice. Nothing is counted as content before it surely is, so that
  // the limit is passed at the same byte however the stream was cut.
  private readContent(chunk: Uint8Array, start: number, end: number, events: FrameEvent[]): number {
    if (this.gather.length + end - start > this.limit) return this.refuse(chunk, start, events)
    if (end === chunk.length) {
      this.gather.add(chunk.subarray(start))
      return end
    }
    if (chunk[end] === VT) {
      events.push({ kind: 'fragment', bytes: this.takeFrame(chunk, start, end) })
      this.begin()
      return end + 1
    }
    const next = chunk[end + 1]
    if (next === CR || next === LF) {
      this.finish(this.takeFrame(chunk, start, end), events)
      return end + 2
    }
    this.gather.add(chunk.subarray(start, end))
    this.state = 'ending'
    return end + 1
  }

  // The byte after an FS that nothing is known of yet.
  private readTrailer(chunk: Uint8Array, at: number, events: FrameEvent[]): number {
    const byte = chunk[at]
    if (byte === CR || byte === LF || byte === VT) {
      this.finish(this.gather.take(), events)
      // VT also starts the next frame, which is read from there.
      return byte === VT ? at : at + 1
    }
    // An FS inside the content. UTF-16 and UTF-32 are the only text that holds one, and MLLP forbids both.
    this.state = 'in'
    this.marked = true
    this.gather.add(FS_BYTE)
    return at
  }

  private begin(): void {
    this.state = 'in'
    this.marked = false
  }

  private takeFrame(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const last = chunk.subarray(start, end)
    if (this.gather.length === 0) return last
    this.gather.add(last)
    return this.gather.take()
  }

  private finish(bytes: Uint8Array, events: FrameEvent[]): void {
    this.state = 'between'
    if (bytes.length === 0) events.push({ kind: 'empty' })
    else events.push(this.marked ? { kind: 'frame', bytes, marked: true } : { kind: 'frame', bytes })
  }

  private refuse(chunk: Uint8Array, start: number, events: FrameEvent[]): number {
    const bytes = Math.min(this.limit, HEAD_BYTES)
    this.gather.add(chunk.subarray(start, start + Math.max(0, bytes - this.gather.length)))
    events.push({ kind: 'too-large', head: this.gather.head(bytes) })
    this.gather.clear()
    this.state = 'closed'
    return chunk.length
  }
}
