import iconv from 'iconv-lite'
import { z } from 'zod'
import { SECRET_REFERENCE } from './vault/secret-reference.ts'

const PORT_MAX = 65_535
const MIB = 1024 * 1024

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const count = (least: number, most: number): z.ZodInt => z.int().min(least).max(most)
const timeZone = z.string().refine(isTimeZone, 'expected an IANA time zone such as America/Chicago')
const reference = z.string().regex(SECRET_REFERENCE, 'expected env:NAME, file:PATH or command:PROGRAM')
const address = z.union(
  [z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()],
  'expected an address or a range such as 10.1.2.0/24',
)
const charset = z
  .string()
  .refine(
    (name) => name === 'auto' || iconv.encodingExists(name),
    'expected auto or a character set such as windows-1252',
  )

const tls = z.strictObject({
  cert: reference.describe('Our certificate and its chain, in PEM.'),
  key: reference.describe('The private key of the certificate, in PEM.'),
  ca: reference
    .optional()
    .describe('Certificates of the authorities that sign the senders’ certificates, in PEM.'),
  requireClientCert: z
    .boolean()
    .default(false)
    .describe('Take only senders with a certificate signed by `ca`.'),
})

const limits = z.strictObject({
  frameBytes: count(1024, 512 * MIB)
    .default(64 * MIB)
    .describe('Largest message, in bytes.'),
  idleInFrameMs: count(10, 3_600_000)
    .default(60_000)
    .describe('Longest silence within a message, in milliseconds; then the connection is closed.'),
  maxConnections: count(1, 65_535).default(512).describe('Connections at a time.'),
  maxPerAddress: count(1, 65_535).default(128).describe('Connections at a time from one address.'),
})

const mllp = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 is every one.'),
  port: count(0, PORT_MAX).default(2575).describe('Port to listen on; 0 is any free port.'),
  limits: limits.prefault({}).describe('What a sender may ask of the listener.'),
  tls: tls.optional().describe('Encrypts the link; without it the link is plain.'),
  allow: z.array(address).default([]).describe('Addresses and ranges that may connect; empty means all.'),
  ackMode: z
    .enum(['on_commit', 'on_apply'])
    .default('on_commit')
    .describe('Acknowledge when a message is safely stored, or when it is applied.'),
  ackCodes: z
    .enum(['auto', 'application', 'commit'])
    .default('auto')
    .describe('AA/AE/AR or CA/CE/CR; `auto` follows MSH-15 and MSH-16 of the message.'),
  processingId: z
    .enum(['any', 'P', 'T', 'D'])
    .default('any')
    .describe('Take only messages with this MSH-11: production, training or debugging.'),
  defaultVersion: z
    .string()
    .regex(/^2\.[1-8](\.\d)?$/, 'expected an HL7 version from 2.1 to 2.8')
    .default('2.3')
    .describe('HL7 version when MSH-12 is empty.'),
  charset: charset
    .default('auto')
    .describe('Character set when MSH-18 is empty; `auto` is UTF-8 where it is valid, else windows-1252.'),
  timeZone: timeZone.optional().describe('Zone of times that say none; left out, the zone of the practice.'),
  acceptUnframed: z.boolean().default(false).describe('Accept messages that lack the start byte VT.'),
  strict: z.boolean().default(false).describe('Refuse messages that lack required segments or fields.'),
})

const practice = z.strictObject({
  id: z
    .uuid()
    .default('01990000-0000-7000-8000-000000000001')
    .describe('Which practice this is, where several share one PostgreSQL.'),
  name: z.string().min(1).default('Practice').describe('Its name.'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'expected two capital letters such as US')
    .default('US')
    .describe('ISO 3166 country, for phone numbers that name none.'),
  timeZone: timeZone.default('America/Chicago').describe('Its IANA time zone.'),
})

/** Every setting, its default and what it does. The reference pages are made from this. */
export const configSchema = z.strictObject({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  home: z.string().min(1).default('./var').describe('Folder of the embedded PostgreSQL and the master key.'),
  databaseUrl: z
    .string()
    .regex(/^(postgres(ql)?:\/\/.+|(env|file|command):.+)$/s, 'expected postgresql://… or a reference to it')
    .optional()
    .describe('A PostgreSQL 15 or newer to use in place of the embedded one.'),
  key: z
    .string()
    .min(1)
    .optional()
    .describe('The master key; left out, `<home>/master.key`, made on the first run.'),
  host: z.string().min(1).default('127.0.0.1').describe('Address of the console and the API.'),
  port: count(0, PORT_MAX).default(3000).describe('Port of the console and the API; 0 is any free port.'),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where browsers and Cerner reach the console, when a proxy with TLS stands before it: https://studio.example.org.',
    ),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('How much is logged.'),
  practice: practice.prefault({}).describe('The practice.'),
  mllp: mllp.prefault({}).describe('The HL7 v2 listener, until its connection is edited in the console.'),
})

export type Config = z.output<typeof configSchema>
export type ConfigFile = z.input<typeof configSchema>
