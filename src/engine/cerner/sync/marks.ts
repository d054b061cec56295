import type { ConnectionId } from '../../../kernel/ids.ts'
import { markPulled } from '../../../store/far-patients.ts'
import type { Writer } from '../../../store/writer.ts'

/**
 * The marks that charts were read. They gather while some are being written, and need not wait for the disk: a patient
 * whose mark is lost in a crash is read once more, and what did not change is known.
 */
export class ChartMarks {
  readonly #writer: Writer
  readonly #connectionId: ConnectionId
  readonly #readTo: string
  #waiting: Buffer[] = []
  #writing: Promise<void> | null = null
  #failure: { cause: unknown } | null = null

  /**
   * @param writer the one that stores the pages: a mark must never be there without the pages before it
   * @param readTo the instant up to which the charts were read
   */
  constructor(writer: Writer, connectionId: ConnectionId, readTo: string) {
    this.#writer = writer
    this.#connectionId = connectionId
    this.#readTo = readTo
  }

  add(key: Buffer): void {
    this.#waiting.push(key)
    this.#writing ??= this.#write().finally(() => (this.#writing = null))
  }

  /** Resolves when all marks so far are written. @throws what kept one from being written */
  async written(): Promise<void> {
    await this.#writing
    const failure = this.#failure
    this.#failure = null
    if (failure) throw failure.cause
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const keys = this.#waiting.splice(0)
      try {
        await markPulled(this.#writer, this.#connectionId, keys, this.#readTo)
      } catch (cause) {
        this.#failure ??= { cause }
      }
    }
  }
}
