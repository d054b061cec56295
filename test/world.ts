import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hl7v2Settings } from '../src/connectors/hl7v2/definition.ts'
import { openEngine } from '../src/engine/engine.ts'
import type { Engine } from '../src/engine/engine.ts'
import { systemClock } from '../src/kernel/clock.ts'
import type { ConnectionId } from '../src/kernel/ids.ts'
import type { RecordDocument } from '../src/model/document.ts'
import type { RecordType } from '../src/model/fields.ts'
import { encodeFrame } from '../src/standards/mllp/frames.ts'
import { loadKeyRing } from '../src/store/database-keys.ts'
import { openTestDatabase } from '../src/store/test-database.ts'
import type { TestDatabase } from '../src/store/test-database.ts'
import { openVault } from '../src/vault/vault.ts'
import type { Vault } from '../src/vault/vault.ts'

/** A stored record with its document opened. */
export interface StoredRecord {
  id: string
  version: number
  patient_id?: string | null
  status?: string
  document: RecordDocument
}

/** An engine on real sockets over a database of its own. */
export interface World extends AsyncDisposable {
  store: TestDatabase
  vault: Vault
  engine: Engine
  connectionId: ConnectionId
  /** Sends messages over one connection and returns the replies in order. */
  send(...messages: (string | Uint8Array)[]): Promise<string[]>
  connect(): Promise<Peer>
  /** Waits until no work is owed. */
  settled(): Promise<void>
  records(type: RecordType): Promise<StoredRecord[]>
  exchanges(): Promise<ExchangeState[]>
}

export interface ExchangeState {
  id: string
  kind: string
  state: string
  error_code: string | null
  error_place: string | null
  records: string[]
  ack: string | null
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export async function openWorld(
  settings: Partial<Record<keyof Hl7v2Settings, unknown>> = {},
  options: { flows?: boolean; store?: TestDatabase; master?: Buffer } = {},
): Promise<World> {
  const store = options.store ?? (await openTestDatabase())
  const { database } = store
  const ring = await loadKeyRing({ database, master: options.master ?? randomBytes(32) })
  const vault = openVault({ ring, practiceId: database.practiceId })
  const engine = await openEngine({
    database,
    vault,
    clock: systemClock,
    log: silent,
    parts: { listens: true, flows: options.flows ?? true },
    defaults: { port: 0, zone: 'America/Chicago', defaultAuthority: 'CERNER', ...settings },
    overrides: {},
  })
  const [connection] = await engine.services.connections.list()
  const open = (): Promise<Peer> => openPeer(engine.address()?.port ?? 0)
  return {
    store,
    vault,
    engine,
    connectionId: connection?.id as ConnectionId,
    connect: open,
    send: async (...messages) => {
      const peer = await open()
      const replies = []
      for (const message of messages) replies.push(await peer.ask(message))
      peer.socket.destroy()
      return replies
    },
    settled: () => settled(store),
    records: async (type) => {
      const { rows } = await database.query<{ id: string; version: number; sealed: Buffer }>(
        `select * from ${type} order by created_at, id`,
      )
      return rows.map((row) => ({
        ...row,
        document: JSON.parse(vault.openText(`${type}/${row.id}`, row.sealed)) as RecordDocument,
      }))
    },
    exchanges: async () => {
      const { rows } = await database.query<ExchangeState>(
        `select e.id, e.kind, coalesce(o.state, 'received') as state, o.error_code, o.error_place, o.records, a.outcome as ack
         from exchange e left join exchange_outcome o on o.exchange_id = e.id
         left join exchange_ack a on a.exchange_id = e.id order by e.id`,
      )
      return rows
    },
    [Symbol.asyncDispose]: async () => {
      await engine.close()
      if (!options.store) await store[Symbol.asyncDispose]()
    },
  }
}

async function settled(store: TestDatabase): Promise<void> {
  for (let n = 0; n < 500; n++) {
    const { rows } = await store.database.query<{ n: number }>('select count(*)::int as n from job')
    if (rows[0]?.n === 0) return
    await sleep(10)
  }
  throw new Error('work is still owed after five seconds')
}

/** A sender that waits for one reply at a time. */
export interface Peer {
  socket: Socket
  write(message: string | Uint8Array): void
  /** The next reply, without its frame. */
  next(): Promise<string>
  ask(message: string | Uint8Array): Promise<string>
}

export async function openPeer(port: number): Promise<Peer> {
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let buffer = Buffer.alloc(0)
  const waiting: ((reply: string) => void)[] = []
  const ready: string[] = []
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    for (let end = buffer.indexOf(0x1c); end >= 0 && end + 1 < buffer.length; end = buffer.indexOf(0x1c)) {
      const reply = buffer.subarray(1, end).toString('utf8')
      buffer = buffer.subarray(end + 2)
      const waiter = waiting.shift()
      if (waiter) waiter(reply)
      else ready.push(reply)
    }
  })
  socket.on('error', () => undefined)
  const next = (): Promise<string> => {
    const reply = ready.shift()
    return reply === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(reply)
  }
  const write = (message: string | Uint8Array): void => {
    socket.write(encodeFrame(typeof message === 'string' ? Buffer.from(message) : message))
  }
  return {
    socket,
    write,
    next,
    ask: (message) => {
      write(message)
      return next()
    },
  }
}

/** MSA-1 of a reply. */
export const codeOf = (reply: string): string => /\rMSA\|([^|]*)/.exec(reply)?.[1] ?? ''
