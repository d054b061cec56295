import { CR, FS, LF, VT } from './bytes.ts'
import type { FrameEvent } from './frames.ts'
import { recognise } from './peers.ts'

const NOISE_SHOWN = 64
const MSH = Uint8Array.of(0x4d, 0x53, 0x48)

const isSilent = (byte: number): boolean =>
  byte === CR || byte === LF || byte === 0 || byte === FS || byte === 0x20
const endsLine = (byte: number): boolean => byte === CR || byte === LF || byte === FS

/** Why reading between frames stopped. */
export type Stop = 'slice ended' | 'frame begins' | 'unframed message begins' | 'wrong peer'

/**
 * Reads what stands between frames: the opening of a connection, silent separators and noise.
 *
 * @see docs/reference/hl7-v2.md §1.1, rows IDLE
 */
export class BetweenFrames {
  private readonly acceptUnframed: boolean
  private readonly shown = new Uint8Array(NOISE_SHOWN)
  private mode: 'opening' | 'idle' | 'msh' | 'noise' = 'opening'
  private opening = ''
  private matched = 0
  /** Where the next byte to read stands, after {@link read}. */
  at = 0
  /** Bytes of the noise burst under way. */
  noise = 0

  constructor(acceptUnframed: boolean) {
    this.acceptUnframed = acceptUnframed
  }

  /** Reads from `start` until a frame begins or the slice ends; `at` then says where to go on. */
  read(chunk: Uint8Array, start: number, events: FrameEvent[]): Stop {
    this.at = start
    // What nearly every slice starts with.
    if (chunk[start] === VT && this.mode === 'idle') return this.begin(start, events)
    if (this.mode === 'opening' && !this.readOpening(chunk, events)) {
      return this.mode === 'opening' ? 'slice ended' : 'wrong peer'
    }
    return this.scan(chunk, events)
  }

  /** The stream ends here. */
  end(events: FrameEvent[]): void {
    if (this.mode === 'opening') this.replayOpening(events)
    if (this.mode === 'msh') this.spoil()
    this.endNoise(events)
  }

  // False while the slice is used up, or the peer is a wrong one (the mode then is no longer `opening`).
  private readOpening(chunk: Uint8Array, events: FrameEvent[]): boolean {
    for (; this.at < chunk.length; this.at++) {
      const opening = this.opening + String.fromCharCode(chunk[this.at] ?? 0)
      const peer = recognise(opening)
      if (peer === null) {
        this.replayOpening(events)
        return true
      }
      this.opening = opening
      if (peer === 'undecided') continue
      this.mode = 'idle'
      events.push({ kind: 'wrong-peer', peer })
      return false
    }
    return false
  }

  // No wrong peer after all: the bytes held back are read as what they are. None of them is VT or `M`.
  private replayOpening(events: FrameEvent[]): void {
    const { at } = this
    const held = Uint8Array.from(this.opening, (letter) => letter.charCodeAt(0))
    this.mode = 'idle'
    this.opening = ''
    this.at = 0
    this.scan(held, events)
    this.at = at
  }

  private scan(chunk: Uint8Array, events: FrameEvent[]): Stop {
    while (this.at < chunk.length) {
      const byte = chunk[this.at] ?? 0
      if (this.mode === 'msh') {
        if (byte !== MSH[this.matched]) {
          this.spoil()
          continue
        }
        if (++this.matched === MSH.length) return this.beginUnframed()
      } else if (byte === VT) {
        return this.begin(this.at, events)
      } else if (this.mode === 'noise') {
        if (this.acceptUnframed && endsLine(byte)) this.endNoise(events)
        else this.hear(byte)
      } else if (this.acceptUnframed && byte === MSH[0]) {
        this.mode = 'msh'
        this.matched = 1
      } else if (!isSilent(byte)) {
        this.mode = 'noise'
        this.hear(byte)
      }
      this.at++
    }
    return 'slice ended'
  }

  private begin(at: number, events: FrameEvent[]): Stop {
    this.endNoise(events)
    this.at = at + 1
    return 'frame begins'
  }

  private beginUnframed(): Stop {
    this.mode = 'idle'
    this.at++
    return 'unframed message begins'
  }

  // The letters looked like MSH and were not: noise, like what follows them.
  private spoil(): void {
    this.mode = 'noise'
    for (const letter of MSH.subarray(0, this.matched)) this.hear(letter)
  }

  private hear(byte: number): void {
    if (this.noise < NOISE_SHOWN) this.shown[this.noise] = byte
    this.noise++
  }

  private endNoise(events: FrameEvent[]): void {
    this.mode = 'idle'
    if (this.noise === 0) return
    events.push({
      kind: 'noise',
      bytes: this.shown.slice(0, Math.min(this.noise, NOISE_SHOWN)),
      count: this.noise,
    })
    this.noise = 0
  }
}
