import { pino } from 'pino'
import type { Logger } from 'pino'
import packageJson from '../../package.json' with { type: 'json' }
import type { Config } from '../config.ts'
import { openEngine } from '../engine/engine.ts'
import type { Engine } from '../engine/engine.ts'
import { systemClock } from '../kernel/clock.ts'
import { freeLanes } from '../store/flow.ts'
import { freeRuns } from '../store/sync.ts'
import { createLoginLink } from '../store/tokens.ts'
import { ensureConsole } from './console-files.ts'
import { resolveSecret } from '../vault/secret-reference.ts'
import { openStore } from './open-store.ts'
import type { OpenStore } from './open-store.ts'
import { complain, print } from './output.ts'
import type { Part } from './parts.ts'

const VERSION = packageJson.version

export interface StartOptions {
  config: Config
  only: readonly Part[]
  /** True while the sandbox feeds this engine. */
  demo: boolean
}

export interface Running extends AsyncDisposable {
  store: OpenStore
  engine: Engine
  http: string | null
  mllp: string | null
  log: Logger
}

/** Logs go to stderr: stdout carries the lines that scripts read. */
export const openLog = (config: Config): Logger =>
  pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: false }))

/** Opens everything in order; what fails half-way closes what was open. */
export async function start(options: StartOptions): Promise<Running> {
  const { config, only, demo } = options
  const log = openLog(config)
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await openStore({ config, log, role: 'engine' }))
  announceKey(store)
  // Nobody else works on an embedded database: what is leased was leased by an engine that is gone.
  if (!config.databaseUrl && only.includes('engine')) {
    await freeLanes(store.database)
    await freeRuns(store.database)
  }
  const engine = stack.use(await openEngine(await engineOptions(config, store, log, only)))
  const http = only.includes('api') ? await openHttp(stack, { config, store, engine, log, demo }) : null
  const address = engine.address()
  for (const problem of engine.problems()) complain(problem)
  const open = stack.move()
  return {
    store,
    engine,
    http,
    mllp: address ? `${address.host}:${address.port}` : null,
    log,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

async function engineOptions(config: Config, store: OpenStore, log: Logger, only: readonly Part[]) {
  const { mllp, practice } = config
  const local = {
    host: mllp.host,
    port: mllp.port,
    allow: mllp.allow,
    processingId: mllp.processingId,
    defaultVersion: mllp.defaultVersion,
    charset: mllp.charset,
    zone: mllp.timeZone ?? practice.timeZone,
    country: practice.country,
    ackMode: mllp.ackMode,
    ackCodes: mllp.ackCodes,
    acceptUnframed: mllp.acceptUnframed,
    strict: mllp.strict,
    frameBytes: mllp.limits.frameBytes,
    idleInFrameMs: mllp.limits.idleInFrameMs,
    maxConnections: mllp.limits.maxConnections,
    maxPerAddress: mllp.limits.maxPerAddress,
    ...(mllp.tls ? { tls: await tlsOf(mllp.tls) } : {}),
  }
  return {
    database: store.database,
    vault: store.vault,
    clock: systemClock,
    log,
    thread: { connectionString: store.connectionString, master: store.master.key },
    parts: { listens: only.includes('listeners'), flows: only.includes('engine') },
    defaults: local,
    overrides: addressFromEnvironment(config),
    practiceZone: practice.timeZone,
  }
}

/** The environment says where this process listens, whatever is stored for all of them. */
function addressFromEnvironment({ mllp }: Config): { host?: string; port?: number } {
  return {
    ...(process.env['MLLP_HOST'] ? { host: mllp.host } : {}),
    ...(process.env['MLLP_PORT'] ? { port: mllp.port } : {}),
  }
}

async function tlsOf(tls: NonNullable<Config['mllp']['tls']>) {
  const read = (name: string, reference: string): Promise<string> =>
    resolveSecret({ reference, place: `mllp.tls.${name}` })
  return {
    enabled: true,
    cert: await read('cert', tls.cert),
    key: await read('key', tls.key),
    ca: tls.ca ? await read('ca', tls.ca) : '',
    requireClientCert: tls.requireClientCert,
  }
}

async function openHttp(
  stack: AsyncDisposableStack,
  parts: { config: Config; store: OpenStore; engine: Engine; log: Logger; demo: boolean },
): Promise<string> {
  const { config, store, engine, log, demo } = parts
  const consoleFolder = await ensureConsole(log)
  const { id, name, timeZone } = config.practice
  const { buildApp } = await import('../server/app.ts')
  // Known when the port is: with PORT=0 the system chooses it.
  const where = { publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}` }
  const app = await buildApp({
    database: store.database,
    vault: store.vault,
    engine: engine.services,
    config: {
      practice: { id, name, time_zone: timeZone },
      demo,
      version: VERSION,
      get publicUrl() {
        return where.publicUrl
      },
    },
    clock: systemClock,
    log,
    consoleFolder,
  })
  stack.defer(() => app.close())
  const address = await app.listen({ host: config.host, port: config.port })
  where.publicUrl = config.publicUrl ?? address
  return address
}

function announceKey({ master }: OpenStore): void {
  if (!master.created) return
  complain(
    [
      `A master key was made and kept in ${master.place}.`,
      'Everything at rest is sealed with it: without this key the data cannot be read by anybody, us included.',
      'Copy it to a safe place away from this machine now, and keep it with your backups, not in them.',
    ].join('\n'),
  )
}

/** Runs until it is told to stop. */
export async function runStart(options: StartOptions): Promise<void> {
  await using running = await start(options)
  announceReady(running)
  await untilStopped()
}

export function announceReady({ http, mllp }: Running): void {
  print(`ready ${JSON.stringify({ http, mllp })}`)
}

export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

/** A one-time link that opens the console. */
export async function loginLink(running: Running): Promise<string | null> {
  if (!running.http) return null
  const link = await createLoginLink(running.store.database, { role: 'administrator', name: 'Administrator' })
  return `${running.http}/login?link=${encodeURIComponent(link)}`
}
