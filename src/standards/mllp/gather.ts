const FIRST_CAPACITY = 4096
const KEEP_CAPACITY = 65_536
const NOTHING = new Uint8Array(0)

/**
 * Collects the pieces of a frame that arrives in several slices. The room doubles, so that a frame sent byte by
 * byte costs neither one object per byte nor a rescan.
 */
export class Gather {
  private room: Uint8Array = NOTHING
  length = 0

  add(piece: Uint8Array): void {
    const needed = this.length + piece.length
    if (needed > this.room.length) this.grow(needed)
    this.room.set(piece, this.length)
    this.length = needed
  }

  /** The first bytes gathered, as a copy. */
  head(count: number): Uint8Array {
    return this.room.slice(0, Math.min(count, this.length))
  }

  /** Hands out everything gathered and starts empty. */
  take(): Uint8Array {
    const { room, length } = this
    this.length = 0
    // A well filled room is given away as it is; a sparse one is copied, so that it does not live on for a few bytes.
    if (length * 2 >= room.length || room.length > KEEP_CAPACITY) {
      this.room = NOTHING
      return length * 2 >= room.length ? room.subarray(0, length) : room.slice(0, length)
    }
    return room.slice(0, length)
  }

  clear(): void {
    this.length = 0
    this.room = NOTHING
  }

  private grow(needed: number): void {
    const room = new Uint8Array(Math.max(FIRST_CAPACITY, needed, this.room.length * 2))
    room.set(this.room.subarray(0, this.length))
    this.room = room
  }
}
