import type { ConnectionId } from '../../kernel/ids.ts'
import type { Writer } from '../../store/writer.ts'
import type { Accepted, ArrivedResource, Origin, ResourceInbox } from './resource-inbox.ts'

interface Waiting {
  arrived: readonly ArrivedResource[]
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
}

const MAX_RESOURCES = 1000
const MAX_CHARACTERS = 8 * 1024 * 1024

/**
 * Group commit for pages: those that arrive while a commit is under way leave together with the next one. The one who
 * gave a page goes on when it is stored, so a pull never runs ahead of the log by more than its calls at a time.
 */
export class GroupInbox {
  readonly #inbox: ResourceInbox
  readonly #writer: Writer
  readonly #connectionId: ConnectionId
  readonly #origin: Origin
  #waiting: Waiting[] = []
  #flushing = false

  /** @param writer commits of this writer need not wait for the disk: what is lost is read again */
  constructor(inbox: ResourceInbox, writer: Writer, connectionId: ConnectionId, origin: Origin) {
    this.#inbox = inbox
    this.#writer = writer
    this.#connectionId = connectionId
    this.#origin = origin
  }

  /** Resolves when the resources are stored. */
  accept(arrived: readonly ArrivedResource[]): Promise<Accepted> {
    if (arrived.length === 0) return Promise.resolve({ seen: 0, changed: 0 })
    const { promise, resolve, reject } = Promise.withResolvers<Accepted>()
    this.#waiting.push({ arrived, resolve, reject })
    if (!this.#flushing) void this.#flush()
    return promise
  }

  async #flush(): Promise<void> {
    this.#flushing = true
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      const batch = this.#take()
      const all = batch.flatMap((one) => one.arrived)
      try {
        const { changed } = await this.#inbox.acceptNamed(this.#writer, this.#connectionId, all, this.#origin)
        for (const one of batch) one.resolve(acceptedOf(one.arrived, changed))
      } catch (error) {
        for (const one of batch) one.reject(error)
      }
    }
    this.#flushing = false
  }

  #take(): Waiting[] {
    let count = 0
    let characters = 0
    let resources = 0
    while (count < this.#waiting.length && resources < MAX_RESOURCES && characters < MAX_CHARACTERS) {
      const next = this.#waiting[count]?.arrived ?? []
      resources += next.length
      for (const one of next) characters += one.text.length
      count += 1
    }
    return this.#waiting.splice(0, count)
  }
}

/** What came on two pages of one commit counts as changed on the first of them. */
function acceptedOf(arrived: readonly ArrivedResource[], changed: Set<string>): Accepted {
  const own = arrived.filter(({ type, id }) => changed.delete(`${type}/${id}`))
  return { seen: arrived.length, changed: own.length }
}
