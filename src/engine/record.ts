import { createHash } from 'node:crypto'
import type { AckOutcome, Arrival, Inbox, Receipt } from '../connectors/connector.ts'
import type { Clock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ExchangeId } from '../kernel/ids.ts'
import type { ExchangeHead } from '../model/document.ts'
import { buildAck } from '../standards/hl7v2/ack.ts'
import { buildBatchAck } from '../standards/hl7v2/batch-ack.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import { readAck } from '../standards/hl7v2/read-ack.ts'
import { readEnvelope } from '../standards/hl7v2/envelope.ts'
import type { Envelope } from '../standards/hl7v2/envelope.ts'
import { placeText, problem } from '../standards/hl7v2/problem.ts'
import type { Problem } from '../standards/hl7v2/problem.ts'
import { acceptBatch, acceptRepeat, findFirst, keepReply, noteEvent } from '../store/accept.ts'
import type { AcceptRow, AckRow, FirstCopy } from '../store/accept.ts'
import type { Database } from '../store/database.ts'
import { openWriter } from '../store/writer.ts'
import type { Writer } from '../store/writer.ts'
import type { Vault } from '../vault/vault.ts'
import { codeIn, judge, judgeStrictly, NO_REPLIES, planReplies, wanted } from './acknowledge.ts'
import type { ReplyPlan, Verdict } from './acknowledge.ts'
import { controlKey, laneOf, patientKey } from '../store/blind-keys.ts'
import { retryKind } from './retry.ts'
import type { RunningHl7 } from './connection.ts'
import type { Counters } from './counters.ts'
import type { Settled, Waiters } from './waiters.ts'

/** An arrival between the socket and the commit. */
interface Pending {
  arrival: Arrival
  connection: RunningHl7
  envelope: Envelope
  verdict: Verdict
  plan: ReplyPlan
  row: AcceptRow
  reply: Uint8Array | null
  resolve: (receipt: Receipt) => void
}

/** What an exchange is a part or a second try of. */
interface Lineage {
  parentId: ExchangeId | null
  replayOf: ExchangeId | null
}

const ORIGINAL: Lineage = { parentId: null, replayOf: null }

export interface RecorderOptions {
  database: Database
  vault: Vault
  clock: Clock
  counters: Counters
  waiters: Waiters
  connectionOf: (id: Arrival['connectionId']) => RunningHl7
  /** Called after each commit with how many jobs it left. */
  onAccepted: (jobs: number) => void
  onProblem: (error: unknown) => void
}

// A commit carries what gathered while the one before was under way, up to this much.
const MAX_BATCH_ROWS = 512
const MAX_BATCH_BYTES = 16 * 1024 * 1024

/**
 * The door of the exchange log: group commit (DESIGN §6). Arrivals of all connections gather while a commit is under
 * way and leave together with the next one, so one flush of the disk serves them all, and a reply is given only
 * after it.
 */
export class Recorder implements Inbox {
  readonly #options: RecorderOptions
  readonly #writer: Writer
  #sender: { name: string; key: Buffer } = { name: '', key: Buffer.alloc(8) }
  #pending: Pending[] = []
  #acks: AckRow[] = []
  #flushing = false
  #scheduled = false
  #closed = false
  #waitingJobs = 0
  #relief: PromiseWithResolvers<void> | null = null

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#writer = openWriter(options.database)
  }

  // A queue this long is minutes of work: the senders wait at their sockets instead of filling the disk.
  static readonly CONGESTED_JOBS = 200_000

  get congested(): boolean {
    return this.#waitingJobs > Recorder.CONGESTED_JOBS
  }

  relieved(): Promise<void> {
    if (!this.congested) return Promise.resolve()
    this.#relief ??= Promise.withResolvers()
    return this.#relief.promise
  }

  /** Told once a second how long the queue is. */
  queueLength(jobs: number): void {
    this.#waitingJobs = jobs
    if (this.congested) return
    this.#relief?.resolve()
    this.#relief = null
  }

  replied(exchangeId: ExchangeId, outcome: AckOutcome): void {
    this.#acks.push({ exchangeId, outcome, sealedReply: null })
  }

  record(arrival: Arrival): Promise<Receipt> {
    const connection = this.#options.connectionOf(arrival.connectionId)
    const { charset, defaultVersion } = connection.settings
    const envelope = readEnvelope(arrival.bytes, { charset, version: defaultVersion })
    if (this.#closed) return Promise.resolve(this.#refusal(arrival, connection, envelope))
    if (envelope.batch && !arrival.cut) return this.#recordBatch(arrival, connection)
    return this.#enqueue(arrival, connection, envelope, ORIGINAL)
  }

  /**
   * Stores a copy of an exchange to be applied again. It is judged like any arrival, but a repeat it is not.
   *
   * @throws STORE_UNAVAILABLE when the copy could not be stored
   */
  async recordReplay(arrival: Arrival, replayOf: ExchangeId): Promise<ExchangeId> {
    if (this.#closed) throw new IntegrationError('STORE_UNAVAILABLE', {})
    const connection = this.#options.connectionOf(arrival.connectionId)
    const { charset, defaultVersion } = connection.settings
    const envelope = readEnvelope(arrival.bytes, { charset, version: defaultVersion })
    const receipt = await this.#enqueue(arrival, connection, envelope, { parentId: null, replayOf })
    if (receipt.kind === 'refused') throw new IntegrationError('STORE_UNAVAILABLE', {})
    return receipt.exchangeId
  }

  #enqueue(arrival: Arrival, connection: RunningHl7, envelope: Envelope, lineage: Lineage): Promise<Receipt> {
    const verdict = this.#judge(arrival, connection, envelope)
    const plan = lineage.replayOf
      ? NO_REPLIES
      : planReplies(envelope, connection.settings, verdict.code === 'AA')
    const ackCode = plan.enhanced && plan.atCommit ? codeIn(verdict.code, true) : verdict.code
    const silent = arrival.cut !== undefined || !plan.atCommit
    const reply = silent
      ? null
      : this.#reply(arrival.bytes, ackCode, verdict.problem ? [verdict.problem] : [])
    const row = this.#row(arrival, connection, envelope, verdict, reply, silent ? null : ackCode, lineage)
    const { promise, resolve } = Promise.withResolvers<Receipt>()
    this.#pending.push({ arrival, connection, envelope, verdict, plan, row, reply, resolve })
    this.#schedule()
    return promise
  }

  #judge(arrival: Arrival, connection: RunningHl7, envelope: Envelope): Verdict {
    const { settings } = connection
    if (arrival.cut) return cutOff(arrival.cut, settings.frameBytes)
    const verdict = judge(envelope, settings)
    if (!settings.strict || verdict.state !== 'received') return verdict
    const decoded = decode(arrival.bytes, { charset: settings.charset, version: settings.defaultVersion })
    if (decoded.kind === 'unreadable') return { state: 'parked', code: 'AE', problem: decoded.problem }
    return decoded.kind === 'message' ? judgeStrictly(decoded.message) : verdict
  }

  /** Each message of a batch is an exchange of its own; the frame is answered by one frame (hl7-v2.md §3.3). */
  async #recordBatch(arrival: Arrival, connection: RunningHl7): Promise<Receipt> {
    const { charset, defaultVersion } = connection.settings
    const decoded = decode(arrival.bytes, { charset, version: defaultVersion })
    if (decoded.kind !== 'batch' || decoded.batch.messages.length === 0) {
      const envelope = readEnvelope(arrival.bytes, { charset, version: defaultVersion })
      return this.#enqueue(arrival, connection, { ...envelope, readable: false }, ORIGINAL)
    }
    const parentId = newId<ExchangeId>()
    const members = [...decoded.batch.messages, ...decoded.batch.unreadable]
    const receipts = await Promise.all(
      members.map(({ bytes }) => {
        const envelope = readEnvelope(bytes, { charset, version: defaultVersion })
        return this.#enqueue({ ...arrival, bytes }, connection, envelope, { parentId, replayOf: null })
      }),
    )
    for (const receipt of receipts) {
      if (receipt.kind !== 'refused') this.replied(receipt.exchangeId, receipt.reply ? 'sent' : 'unsent')
    }
    const replies = receipts.flatMap((receipt) => (receipt.reply ? [receipt.reply] : []))
    const reply = this.#batchReply(arrival, connection, replies)
    if (receipts.every((receipt) => receipt.kind === 'refused')) return { kind: 'refused', reply }
    const owed = receipts.flatMap((receipt) => (receipt.kind === 'stored' ? (receipt.later ?? []) : []))
    if (owed.length === 0) return { kind: 'stored', exchangeId: parentId, reply }
    const later = Promise.all(owed).then((all) =>
      this.#batchReply(
        arrival,
        connection,
        all.filter((one) => one !== null),
      ),
    )
    return { kind: 'stored', exchangeId: parentId, reply, later }
  }

  #batchReply(arrival: Arrival, connection: RunningHl7, replies: readonly Uint8Array[]): Uint8Array | null {
    if (replies.length === 0) return null
    if (connection.settings.batchReply === 'worst') return worstOf(replies)
    return buildBatchAck(arrival.bytes, { replies, controlId: newId(), at: this.#options.clock.now() })
  }

  #row(
    arrival: Arrival,
    connection: RunningHl7,
    envelope: Envelope,
    verdict: Verdict,
    reply: Uint8Array | null,
    ackCode: string | null,
    { parentId, replayOf }: Lineage,
  ): AcceptRow {
    const { vault } = this.#options
    const id = newId<ExchangeId>()
    const key = envelope.patient ? patientKey(vault, envelope.patient.id) : null
    const order = key ?? this.#appointmentKey(envelope) ?? vault.blind('lane', id)
    const head: ExchangeHead = {
      controlId: envelope.controlId,
      sender: `${envelope.sendingApplication}|${envelope.sendingFacility}`,
      version: envelope.version,
      reply: reply ? Buffer.from(reply).toString('latin1') : null,
      ackCode,
    }
    return {
      id,
      connectionId: connection.id,
      channel: connection.channel,
      kind: kindOf(envelope, arrival),
      lane: laneOf(order),
      remote: arrival.remote,
      sizeBytes: arrival.bytes.length,
      parentId,
      replayOf,
      patientKey: key,
      orderKey: order.subarray(0, 8),
      controlKey: controlKey(vault, envelope.controlId),
      fingerprint: this.#fingerprint(arrival, connection, envelope, arrival.cut || replayOf ? id : null),
      sealedHead: vault.seal(`exchange/head/${id}`, JSON.stringify(head)),
      sealedRaw: vault.seal(`exchange/raw/${id}`, arrival.bytes),
      verdict:
        verdict.state === 'received'
          ? null
          : {
              state: verdict.state,
              code: verdict.problem?.code ?? 'INTERNAL',
              place: verdict.problem ? placeText(verdict.problem.place) : null,
            },
    }
  }

  /** SIU without PID keeps its order by the appointment it is about. */
  #appointmentKey(envelope: Envelope): Buffer | null {
    if (!envelope.appointment) return null
    const { authority, id } = envelope.appointment
    return this.#options.vault.blind('lane', `${authority}|${id}`)
  }

  /**
   * Sender and content in 24 bytes. A fragment never counts as a repeat: the sender got no answer and will send the
   * whole message, and two cut at the same place are two events. Nor does a replay.
   */
  #fingerprint(
    arrival: Arrival,
    connection: RunningHl7,
    envelope: Envelope,
    uniqueId: ExchangeId | null,
  ): Buffer {
    const { vault } = this.#options
    if (uniqueId) {
      // No sender either, or the whole message that follows a fragment would look like a control id used twice.
      return Buffer.concat([vault.blind('sender', uniqueId).subarray(0, 8), vault.blind('content', uniqueId)])
    }
    const sender = `${connection.id}|${envelope.sendingApplication}|${envelope.sendingFacility}`
    // A feed names itself the same way each time.
    if (this.#sender.name !== sender) {
      this.#sender = { name: sender, key: vault.blind('sender', sender).subarray(0, 8) }
    }
    const content = createHash('sha256').update(arrival.bytes).digest()
    return Buffer.concat([this.#sender.key, vault.blind('content', content.toString('latin1'))])
  }

  #reply(inbound: Uint8Array, code: ReturnType<typeof codeIn>, problems: readonly Problem[]): Uint8Array {
    const [first] = problems
    return buildAck(inbound, {
      code,
      controlId: newId(),
      at: this.#options.clock.now(),
      ...(first ? { text: `${placeText(first.place)}: ${first.says}`, problems } : {}),
    })
  }

  #refusal(arrival: Arrival, connection: RunningHl7, envelope: Envelope): Receipt {
    const plan = planReplies(envelope, connection.settings, false)
    if (arrival.cut || !plan.atCommit) return { kind: 'refused', reply: null }
    const ours = problem('STORE_UNAVAILABLE', { segment: 'MSH' }, 207, 'E')
    return { kind: 'refused', reply: this.#reply(arrival.bytes, codeIn('AR', plan.enhanced), [ours]) }
  }

  // Frames of all sockets that became readable in this turn of the event loop go into one commit.
  #schedule(): void {
    if (this.#scheduled || this.#flushing) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    if (this.#flushing) return
    this.#flushing = true
    while (this.#pending.length > 0) {
      const batch = this.#takeBatch()
      const acks = this.#acks
      this.#acks = []
      await this.#store(batch, acks)
    }
    this.#flushing = false
  }

  /** Commits a batch; when one row of it cannot be stored, the others still are. */
  async #store(batch: readonly Pending[], acks: readonly AckRow[]): Promise<void> {
    try {
      await this.#commit(batch, acks)
    } catch (error) {
      this.#options.onProblem(error)
      if (batch.length > 1 && retryKind(error) === 'permanent') {
        await this.#store([], acks)
        for (const one of batch) await this.#store([one], [])
        return
      }
      this.#acks.unshift(...acks)
      for (const one of batch) one.resolve(this.#refusal(one.arrival, one.connection, one.envelope))
    }
  }

  #takeBatch(): Pending[] {
    let bytes = 0
    let count = 0
    while (count < Math.min(this.#pending.length, MAX_BATCH_ROWS) && bytes < MAX_BATCH_BYTES) {
      bytes += this.#pending[count]?.row.sealedRaw.length ?? 0
      count += 1
    }
    return this.#pending.splice(0, count)
  }

  async #commit(batch: readonly Pending[], acks: readonly AckRow[]): Promise<void> {
    const client = this.#writer
    const rows = batch.map((one) => one.row)
    const stored = new Map((await acceptBatch(client, rows, acks)).map((row) => [row.id, row]))
    let jobs = 0
    const repeats: Pending[] = []
    for (const one of batch) {
      const accepted = stored.get(one.row.id)
      if (!accepted) {
        repeats.push(one)
        continue
      }
      if (one.row.verdict === null) jobs += 1
      if (accepted.reused) await this.#noteReuse(one.row.id)
      this.#count(one)
      this.#settle(one)
    }
    if (jobs > 0) this.#options.onAccepted(jobs)
    for (const one of repeats) await this.#repeat(one)
  }

  #count({ connection, row }: Pending): void {
    const count = { received: 1, bytes: row.sizeBytes }
    const verdict = row.verdict ? { [row.verdict.state]: 1 } : {}
    this.#options.counters.add(connection.id, row.kind, { ...count, ...verdict })
  }

  #settle(one: Pending): void {
    const { row, reply, plan } = one
    if (!plan.afterApply || row.verdict !== null) {
      one.resolve({ kind: 'stored', exchangeId: row.id, reply })
      return
    }
    const later = this.#replyWhenApplied(one, row.id)
    if (plan.enhanced) {
      one.resolve({ kind: 'stored', exchangeId: row.id, reply, later })
      return
    }
    void later.then((applied) => one.resolve({ kind: 'stored', exchangeId: row.id, reply: applied }))
  }

  async #replyWhenApplied(one: Pending, id: ExchangeId): Promise<Uint8Array | null> {
    const settled = await this.#options.waiters.wait(id)
    const answer = answerTo(settled)
    if (one.plan.enhanced && !wanted(one.envelope.applicationAck, answer.code === 'AA')) return null
    const reply = this.#reply(one.arrival.bytes, answer.code, answer.problems)
    if (settled.state !== 'unknown' && !this.#closed) await this.#keepReply(id, reply)
    return reply
  }

  // "Not yet" is never kept: the sender asks again, and must then hear what became of the message.
  async #keepReply(id: ExchangeId, reply: Uint8Array): Promise<void> {
    const sealedReply = this.#options.vault.seal(`exchange/reply/${id}`, reply)
    try {
      await keepReply(this.#writer, { exchangeId: id, outcome: 'sent', sealedReply })
    } catch (error) {
      // The answer is true, and the sender waits for it; a repeat gets one with the same code.
      this.#options.onProblem(error)
    }
  }

  async #noteReuse(exchangeId: ExchangeId): Promise<void> {
    const note = { exchangeId, id: newId(), event: 'control-id-reused', actor: 'engine', detail: {} }
    await noteEvent(this.#writer, note)
  }

  /** A repeat: kept in the log, nothing done, and the first reply given again byte for byte. */
  async #repeat(one: Pending): Promise<void> {
    const { vault, counters } = this.#options
    const first = await findFirst(this.#writer, one.row)
    if (!first) {
      one.resolve(this.#refusal(one.arrival, one.connection, one.envelope))
      return
    }
    await acceptRepeat(this.#writer, one.row, first.id)
    counters.add(one.connection.id, one.row.kind, { received: 1, duplicate: 1, bytes: one.row.sizeBytes })
    const base = { kind: 'duplicate', exchangeId: one.row.id, first: first.id } as const
    const atCommit = replyAtCommit(first, vault)
    const afterApply = first.sealed_reply
      ? vault.open(`exchange/reply/${first.id}`, first.sealed_reply)
      : null
    // In enhanced mode the acceptance is said again at once; the application reply was a message of its own.
    if (one.plan.enhanced && one.plan.atCommit) one.resolve({ ...base, reply: atCommit ?? one.reply })
    else if (afterApply ?? atCommit) one.resolve({ ...base, reply: afterApply ?? atCommit })
    else if (!one.plan.afterApply) one.resolve({ ...base, reply: one.reply })
    else {
      // The first copy is not applied yet, or its reply was never worked out: this one waits for the same answer.
      void this.#replyWhenApplied(one, first.id).then((applied) => one.resolve({ ...base, reply: applied }))
    }
  }

  /** Refuses from now on; resolves when what was taken is committed and the acknowledgements are noted. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#flushing || this.#scheduled) await new Promise((resolve) => setTimeout(resolve, 5))
    await this.noteAcks()
    await this.#writer.close()
  }

  /** Writes acknowledgements that no later arrival has carried along. */
  async noteAcks(): Promise<void> {
    if (this.#acks.length === 0 || this.#flushing) return
    const acks = this.#acks
    this.#acks = []
    try {
      await acceptBatch(this.#writer, [], acks)
    } catch (error) {
      this.#options.onProblem(error)
      this.#acks.unshift(...acks)
    }
  }
}

function replyAtCommit(first: FirstCopy, vault: Vault): Uint8Array | null {
  if (!first.sealed_head) return null
  const head = JSON.parse(vault.openText(`exchange/head/${first.id}`, first.sealed_head)) as ExchangeHead
  return head.reply === null ? null : Buffer.from(head.reply, 'latin1')
}

const KIND = /^([A-Z][A-Z0-9]{2})(?:\^([A-Z][A-Z0-9]{2}))?(?:\^|$)/i

/**
 * What the log shows of a message to everybody. It is not sealed, so only a type and an event get there: a sender that
 * slips by a field may have a name in MSH-9.
 */
function kindOf(envelope: Envelope, { cut }: Arrival): string {
  if (envelope.kind === '') return cut ? 'fragment' : 'unreadable'
  if (envelope.batch) return envelope.kind
  const [, type, event] = KIND.exec(envelope.kind) ?? []
  if (type === undefined) return 'unknown'
  return (event === undefined ? type : `${type}^${event}`).toUpperCase()
}

/** The front part of a message that never came whole: kept for the analyst, never acknowledged by us. */
const cutOff = (cut: NonNullable<Arrival['cut']>, limitBytes: number): Verdict => ({
  state: 'parked',
  code: 'AE',
  problem:
    cut === 'too-large'
      ? problem('MLLP_FRAME_TOO_LARGE', { segment: 'MSH' }, 207, 'E', { limitBytes })
      : problem('MLLP_FRAME_TRUNCATED', { segment: 'MSH' }, 100, 'E'),
})

/** The reply with the worst code of a batch, for senders that take one acknowledgement only. */
function worstOf(replies: readonly Uint8Array[]): Uint8Array | null {
  const rank = (reply: Uint8Array): number => 'AER'.indexOf(readAck(reply).code[1] ?? 'A')
  return replies.reduce((worst, one) => (rank(one) > rank(worst) ? one : worst))
}

function answerTo(settled: Settled): { code: 'AA' | 'AE' | 'AR'; problems: Problem[] } {
  if (settled.state === 'applied' || settled.state === 'ignored') return { code: 'AA', problems: [] }
  if (settled.problem) return { code: 'AE', problems: [settled.problem] }
  return { code: 'AR', problems: [problem('STORE_UNAVAILABLE', { segment: 'MSH' }, 207, 'E')] }
}
