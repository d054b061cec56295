import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { EngineServices } from '../engine/services.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'

export interface ServerConfig {
  practice: { id: string; name: string; time_zone: string }
  /** True while the sandbox feeds this engine. */
  demo: boolean
  version: string
  /** Where browsers find this server; cookies are `Secure` when it begins with https. */
  publicUrl: string
}

/** What the HTTP room is built from. */
export interface ServerDependencies {
  database: Database
  vault: Vault
  engine: EngineServices
  config: ServerConfig
  clock: Clock
  log: FastifyBaseLogger
  /** Figures of other rooms, shown on /metrics beside those of HTTP. */
  metrics?: Registry
  /** The built console; default dist/console. */
  consoleFolder?: string
  /** Compares each response with its schema. For tests: what is sent is typed, and checking costs time. */
  checkResponses?: boolean
}
