import { z } from 'zod'

// This file imports zod only, so that the form of the console can be drawn from it in a browser.

const MIB = 1024 * 1024
const field = z
  .string()
  .regex(/^[A-Z][A-Z0-9]{2}-\d{1,3}(\.\d{1,2}){0,2}$/, 'Write a place such as PID-3 or PV1-19.1.')
const address = z.union(
  [z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()],
  'Write an address or a range such as 10.1.2.0/24.',
)
const event = z
  .string()
  .regex(/^[A-Z][A-Z0-9]{2}\^([A-Z][A-Z0-9]{2}|\*)$/, 'Write an event such as ADT^A04 or ADT^*.')
const pem = z
  .string()
  .regex(/^($|file:.|\s*-----BEGIN )/, 'Paste PEM text, or give a reference of the form file:PATH.')
const zone = z.string().refine(isZone, 'Write an IANA time zone such as America/Chicago.')

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const hostOf = (fallback: string) => z.string().trim().min(1).max(255).default(fallback)

/** Certificates of the listener. Empty text means none. */
const listenerTls = z.object({
  enabled: z
    .boolean()
    .default(false)
    .meta({ label: 'Use TLS', help: 'Plain senders are turned away while this is on.' }),
  cert: pem.default('').meta({ label: 'Certificate', help: 'PEM, with its chain after it, or file:PATH.' }),
  key: pem.default('').meta({ label: 'Private key', help: 'PEM or file:PATH. Stored sealed.', secret: true }),
  ca: pem
    .default('')
    .meta({ label: 'Trusted authorities', help: 'PEM or file:PATH: who signs the certificates of senders.' }),
  requireClientCert: z.boolean().default(false).meta({
    label: 'Senders need a certificate',
    help: 'Mutual TLS: only senders with a certificate from a trusted authority connect.',
  }),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').meta({ label: 'Oldest TLS version' }),
})

/** Certificates of the sender. Empty text means none. */
const senderTls = z.object({
  enabled: z.boolean().default(false).meta({ label: 'Use TLS' }),
  ca: pem
    .default('')
    .meta({ label: 'Trusted authorities', help: 'PEM or file:PATH; empty means the public ones.' }),
  cert: pem
    .default('')
    .meta({ label: 'Our certificate', help: 'PEM or file:PATH, when the receiver asks for one.' }),
  key: pem
    .default('')
    .meta({ label: 'Our private key', help: 'PEM or file:PATH. Stored sealed.', secret: true }),
  serverName: z
    .string()
    .default('')
    .meta({ label: 'Name on their certificate', help: 'Empty means the host.' }),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').meta({ label: 'Oldest TLS version' }),
})

const outbound = z.object({
  host: hostOf('127.0.0.1').meta({ label: 'Receiver host' }),
  port: z.number().int().min(1).max(65_535).default(2575).meta({ label: 'Receiver port' }),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .meta({ label: 'Wait for the acknowledgement (ms)', help: 'A deadline on the whole acknowledgement.' }),
  whenAmbiguous: z.enum(['resend', 'hold', 'fail']).default('resend').meta({
    label: 'When no acknowledgement comes',
    help: 'Resend the same bytes with the same MSH-10, hold the link, or fail the message.',
  }),
  tls: senderTls.prefault({}).meta({ label: 'TLS' }),
})

/**
 * The settings of an HL7 v2 connection; every one has a default, so `hl7v2Settings.parse({})` is a working listener.
 *
 * `label` and `help` are what the form shows; `secret` marks what is sealed and never shown again.
 *
 * @see docs/reference/hl7-v2.md, where each setting that a site may decide is marked D
 */
export const hl7v2Settings = z.object({
  // --- listener ---
  host: hostOf('127.0.0.1').meta({
    label: 'Listen on',
    help: '127.0.0.1 for this machine only, 0.0.0.0 for every network.',
  }),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(2575)
    .meta({ label: 'Port', help: '2575 is the registered one; 0 takes any free port.' }),
  frameBytes: z
    .number()
    .int()
    .min(1024)
    .max(512 * MIB)
    .default(64 * MIB)
    .meta({
      label: 'Largest message (bytes)',
      help: 'A larger one is refused (AR, 207) and the connection closed.',
    }),
  graceMs: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(250)
    .meta({ label: 'Wait for the last CR of a frame (ms)' }),
  idleInFrameMs: z.number().int().min(10).max(3_600_000).default(60_000).meta({
    label: 'Silence inside a message (ms)',
    help: 'After this the part received is parked and the connection closed.',
  }),
  idleMs: z.number().int().min(0).max(86_400_000).default(0).meta({
    label: 'Silence between messages (ms)',
    help: '0 never closes a silent connection: links are silent for hours.',
  }),
  maxConnections: z.number().int().min(1).max(65_535).default(1000).meta({ label: 'Connections at once' }),
  maxPerAddress: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(250)
    .meta({ label: 'Connections at once from one address' }),
  windowFrames: z.number().int().min(1).max(10_000).default(64).meta({
    label: 'Messages in work per connection',
    help: 'Reading pauses while so many wait for their acknowledgement.',
  }),
  windowBytes: z
    .number()
    .int()
    .min(1024)
    .max(256 * MIB)
    .default(4 * MIB)
    .meta({ label: 'Bytes in work per connection' }),
  acceptUnframed: z.boolean().default(false).meta({
    label: 'Accept messages without VT',
    help: 'For senders that leave out the start of the frame.',
  }),
  allow: z.array(address).default([]).meta({
    label: 'Allowed addresses',
    help: 'Addresses or ranges that may connect; empty allows every address.',
  }),
  tls: listenerTls.prefault({}).meta({ label: 'TLS' }),

  // --- acknowledging (reference §7) ---
  ackMode: z
    .enum(['on_commit', 'on_apply'])
    .default('on_commit')
    .meta({ label: 'Acknowledge', help: 'When the message is stored, or when the change has been applied.' }),
  ackCodes: z.enum(['auto', 'application', 'commit']).default('auto').meta({
    label: 'Codes',
    help: 'auto follows MSH-15 and MSH-16; application always says AA; commit always says CA.',
  }),
  batchReply: z
    .enum(['batch', 'worst'])
    .default('batch')
    .meta({ label: 'Reply to a batch', help: 'One batch of replies, or the reply with the worst code.' }),

  // --- what is taken (reference §6, §7.1) ---
  processingId: z
    .enum(['any', 'P', 'T', 'D'])
    .default('any')
    .meta({ label: 'Processing id (MSH-11)', help: 'Messages with another one are refused (AR, 202).' }),
  filter: z
    .object({
      events: z.array(event).default([]).meta({
        label: 'Events taken',
        help: 'Such as ADT^A04 or SIU^*; empty takes every event this product knows.',
      }),
    })
    .prefault({})
    .meta({ label: 'Filter' }),
  strictTypes: z.boolean().default(false).meta({
    label: 'Refuse unwanted events',
    help: 'Off: they are acknowledged and ignored. On: AR, 200 or 201.',
  }),
  strict: z.boolean().default(false).meta({
    label: 'Refuse incomplete messages',
    help: 'Check required segments, fields and their order before acknowledging.',
  }),

  // --- reading (reference §2, §5, §6, §8.3) ---
  profile: z.enum(['auto', 'none', 'guide-sample']).default('auto').meta({
    label: 'Profile',
    help: 'guide-sample reads the insurance fields where the integration guide writes them; auto does so for messages that show its layout.',
  }),
  charset: z.string().default('auto').meta({
    label: 'Character set when MSH-18 is empty',
    help: 'auto: UTF-8 if it is valid, else windows-1252.',
  }),
  defaultVersion: z
    .string()
    .regex(/^2\.[1-8](\.\d)?$/, 'Write a version from 2.1 to 2.8.')
    .default('2.3')
    .meta({ label: 'Version when MSH-12 is empty' }),
  zone: zone
    .default('UTC')
    .meta({ label: 'Time zone', help: 'For times that say none, e.g. America/Chicago.' }),
  country: z
    .string()
    .length(2)
    .default('US')
    .meta({ label: 'Country', help: 'For phone numbers without a country code.' }),
  defaultAuthority: z.string().default('').meta({ label: 'Assigning authority when PID-3.4 is empty' }),
  authorityAliases: z.record(z.string(), z.string()).default({}).meta({
    label: 'Authority aliases',
    help: 'Names that mean the same authority, e.g. CERNER and its OID.',
  }),
  nullMeans: z
    .enum(['clear', 'ignore'])
    .default('clear')
    .meta({ label: 'An explicit null ("") means', help: 'Clear our value, or leave it.' }),
  nullMeansByField: z
    .record(field, z.enum(['clear', 'ignore']))
    .default({})
    .meta({ label: 'An explicit null in one field means', help: 'Exceptions to the rule above, by place.' }),
  fieldRemap: z
    .array(z.object({ from: field.meta({ label: 'From' }), to: field.meta({ label: 'To' }) }))
    .default([])
    .meta({
      label: 'Moved fields',
      help: 'For senders that fill a field one place off, e.g. IN1-35 to IN1-36.',
    }),

  codeTranslations: z
    .array(
      z.object({
        set: z.string().min(1).meta({ label: 'Code set', help: 'As the warning names it.' }),
        code: z.string().min(1).meta({ label: 'Their code' }),
        means: z.string().min(1).meta({ label: 'Our code' }),
      }),
    )
    .default([])
    .meta({
      label: 'Code translations',
      help: 'Codes of this sender that no code set knows, and what they mean.',
    }),

  // --- sending ---
  outbound: outbound
    .nullable()
    .default(null)
    .meta({ label: 'Send to', help: 'Where our own messages go; empty sends none.' }),
})

export type Hl7v2Settings = z.output<typeof hl7v2Settings>
export type Hl7v2SettingsInput = z.input<typeof hl7v2Settings>
export type ListenerTlsSettings = Hl7v2Settings['tls']
export type SenderTlsSettings = z.output<typeof senderTls>
export type OutboundSettings = z.output<typeof outbound>

/** The settings that are sealed. */
export const HL7V2_SECRETS = ['tls.key', 'outbound.tls.key'] as const

/** The same as JSON Schema with `label`, `help`, `secret` and defaults: what the HTTP API hands to the form. */
export const hl7v2SettingsJson = z.toJSONSchema(hl7v2Settings, { io: 'input', unrepresentable: 'any' })
