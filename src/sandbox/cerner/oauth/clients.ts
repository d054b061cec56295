import { z } from 'zod'
import { writeResourceScope, type Level, type ScopeSyntax } from './scopes.ts'

/** Apps as registered in the vendor's console: each for one persona (cerner-fhir-r4.md §2.1, §2.2). */

const jwk = z.looseObject({ kty: z.string() })

export const clientSchema = z.strictObject({
  id: z.string().min(1).max(200),
  name: z.string().min(1).default('An app'),
  persona: z.enum(['system', 'provider', 'patient']),
  /** Null for a public client, or one that proves itself by key alone. */
  secret: z.string().min(1).nullable().default(null),
  /** The registered public keys: a set, its address, or PEM. */
  jwks: z
    .strictObject({ keys: z.array(jwk) })
    .nullable()
    .default(null),
  jwksUrl: z.url().nullable().default(null),
  pem: z.string().nullable().default(null),
  redirectUris: z.array(z.url()).default([]),
  /** Where an EHR launch opens the app. */
  launchUrl: z.url().nullable().default(null),
  syntax: z.enum(['v1', 'v2']).default('v1'),
  scopes: z.array(z.string()),
  offline: z.boolean().default(false),
  /** Whether this hospital has switched the app on. */
  enabled: z.boolean().default(true),
  /** Who is asked to agree: only those who come from outside, or also users inside PowerChart. */
  consent: z.enum(['standalone', 'always']).default('standalone'),
})

export type Client = z.infer<typeof clientSchema>
export type ClientInput = z.input<typeof clientSchema>

/** What a registered app may be changed to while the sandbox runs. */
export const clientChange = z.strictObject(
  Object.fromEntries(
    Object.entries(clientSchema.shape)
      .filter(([name]) => name !== 'id')
      .map(([name, schema]) => [
        name,
        (schema instanceof z.ZodDefault ? schema.unwrap() : schema).optional(),
      ]),
  ),
)

export interface ClientRegistry {
  get(id: string): Client | undefined
  list(): readonly Client[]
  /** Registers a new app or replaces one. */
  put(client: ClientInput): Client
}

export function openClientRegistry(clients: readonly ClientInput[]): ClientRegistry {
  const known = new Map<string, Client>()
  const put = (input: ClientInput): Client => {
    const client = clientSchema.parse(input)
    known.set(client.id, client)
    return client
  }
  clients.forEach(put)
  return { get: (id) => known.get(id), list: () => [...known.values()], put }
}

export const isPublic = ({ secret, jwks, jwksUrl, pem }: Client): boolean =>
  secret === null && jwks === null && jwksUrl === null && pem === null

// --- what the vendor's console offers ---

// Letters as in §3: patch counts as update, delete is Coverage's alone.
// prettier-ignore
const TYPES: Record<string, string> = {
  Account: 'rs', AllergyIntolerance: 'crus', Appointment: 'crus', Basic: 'c', Binary: 'r', ChargeItem: 'crus',
  Communication: 'crus', Condition: 'crus', Coverage: 'crus', DiagnosticReport: 'crs', DocumentReference: 'crus',
  Encounter: 'crus', Group: 'r', Immunization: 'crus', InsurancePlan: 'rs', Location: 'rs', MedicationRequest: 'crus',
  Observation: 'crus', Organization: 'crs', Patient: 'crus', Person: 'rs', Practitioner: 'crs', Procedure: 'crs',
  Provenance: 'crs', RelatedPerson: 'crus', Schedule: 'rs', ServiceRequest: 'rs', Slot: 'rus',
}
const NOT_FOR_PATIENTS: ReadonlySet<string> = new Set(['Location', 'Organization', 'Practitioner'])
const NOT_ON_PATIENT_HOST: ReadonlySet<string> = new Set([
  'Account',
  'Basic',
  'ChargeItem',
  'Communication',
  'Group',
])

// prettier-ignore
export const SERVICE_SCOPES = [
  'mws/Person.read', 'mws/Person.write', 'mws/Scheduling.read', 'mws/Scheduling.write', 'mws/Results.read',
  'mws/Results.write', 'mws/Documents.read', 'mws/Documents.write',
] as const

export const LAUNCH_SCOPES = [
  'launch',
  'launch/patient',
  'openid',
  'fhirUser',
  'profile',
  'online_access',
  'offline_access',
] as const

/** Every resource scope of one level; `readOnly` is what the patient persona gets. */
export function resourceScopes(level: Level, syntax: ScopeSyntax, readOnly = false): string[] {
  return Object.entries(TYPES).flatMap(([type, letters]) => {
    if (level === 'patient' && NOT_FOR_PATIENTS.has(type)) return []
    if (readOnly && NOT_ON_PATIENT_HOST.has(type)) return []
    const reads = letters.replaceAll(/[cu]/g, '')
    const may = readOnly ? reads : letters
    const rights = syntax === 'v2' ? [may] : [reads === '' ? '' : 'read', /[cu]/.test(may) ? 'write' : '']
    return rights
      .filter((right) => right !== '')
      .map((right) => writeResourceScope({ syntax, level, type, may: right }))
  })
}

const system = (id: string, syntax: ScopeSyntax): ClientInput => ({
  id,
  name: 'Practice Studio',
  persona: 'system',
  secret: `${id}-secret`,
  syntax,
  scopes: [...resourceScopes('system', syntax), ...SERVICE_SCOPES],
})

const launched = (id: string, name: string, more: Partial<ClientInput>): ClientInput => ({
  id,
  name,
  persona: 'provider',
  syntax: 'v1',
  offline: true,
  scopes: [...resourceScopes('user', 'v1'), ...resourceScopes('patient', 'v1'), ...LAUNCH_SCOPES],
  ...more,
})

/** The apps of the demo. The secrets are no secrets: they open invented records only. */
export const DEMO_CLIENTS: readonly ClientInput[] = [
  system('practice-studio-system', 'v1'),
  system('practice-studio-system-v2', 'v2'),
  launched('practice-studio-launch', 'Practice Studio', {
    secret: 'practice-studio-launch-secret',
    launchUrl: 'http://127.0.0.1:3000/smart/launch',
    redirectUris: ['http://127.0.0.1:3000/smart/callback'],
  }),
  launched('practice-studio-launch-public', 'Practice Studio (public client)', {
    launchUrl: 'http://127.0.0.1:3000/smart/launch',
    redirectUris: ['http://127.0.0.1:3000/smart/callback'],
  }),
  launched('practice-studio-portal', 'Practice Studio for patients', {
    persona: 'patient',
    syntax: 'v2',
    redirectUris: ['http://127.0.0.1:3000/smart/callback'],
    scopes: [
      ...resourceScopes('patient', 'v2', true),
      'user/Practitioner.rs',
      'user/Location.rs',
      'user/Organization.rs',
      ...LAUNCH_SCOPES,
    ],
  }),
]
