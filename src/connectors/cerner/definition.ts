import { z } from 'zod'
import { PROFILE_NAMES } from './profiles.ts'

// This file and profiles.ts import zod only, so that the form of the console can be drawn from them in a browser.

const zone = z.string().refine(isZone, 'Write an IANA time zone such as America/Chicago.')

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const url = z.union(
  [z.literal(''), z.url({ protocol: /^https?$/ })],
  'Write a full address such as https://….',
)
const pem = z
  .string()
  .regex(/^($|file:.|\s*-----BEGIN )/, 'Paste PEM text, or give a reference of the form file:PATH.')
const secret = z.string().max(20_000)

const AUTH_METHODS = ['client_secret_basic', 'private_key_jwt', 'none'] as const
export const RULES = ['cerner', 'studio', 'newest', 'ask'] as const
export type Rule = (typeof RULES)[number]

/** What can be pulled, in the order of a full pull: what others point at comes first. */
export const PULLED = [
  'Organization',
  'Location',
  'Practitioner',
  'Patient',
  'Coverage',
  'Appointment',
  'Encounter',
  'AllergyIntolerance',
  'Condition',
  'MedicationRequest',
  'Immunization',
  'DiagnosticReport',
  'Observation',
  'DocumentReference',
] as const
export type Pulled = (typeof PULLED)[number]

/** What we do at Cerner; each goes by FHIR or by a Millennium service. */
export const ACTIONS = [
  'person_search',
  'person_read',
  'person_create',
  'person_update',
  'slots',
  'book',
  'reschedule',
  'cancel',
  'check_in',
  'results',
  'vital_signs',
  'documents',
  'document_create',
] as const
export type Action = (typeof ACTIONS)[number]
export const ROADS = ['fhir', 'millennium', 'off'] as const
export type Road = (typeof ROADS)[number]

const auth = z.object({
  method: z.enum(AUTH_METHODS).default('client_secret_basic').meta({
    label: 'How we prove who we are',
    help: 'A secret, or a key pair whose public half Cerner knows.',
  }),
  clientId: z.string().trim().max(200).default('').meta({ label: 'Client id' }),
  clientSecret: secret
    .default('')
    .meta({ label: 'Client secret', help: 'Stored sealed, never shown again.', secret: true }),
  privateKey: pem.default('').meta({
    label: 'Private key',
    help: 'Made here or pasted as PEM (PKCS 8). Stored sealed.',
    secret: true,
  }),
  keyId: z.string().max(200).default('').meta({ label: 'Key id', help: 'As the public half names it.' }),
  algorithm: z.enum(['RS384', 'ES384']).default('RS384').meta({ label: 'Signature' }),
  scopes: z.array(z.string().min(1).max(200)).default([]).meta({
    label: 'Scopes',
    help: 'Asked for with each token. Empty asks for what the switches below need.',
  }),
  scopeVersion: z.enum(['v1', 'v2']).default('v1').meta({
    label: 'Scope syntax',
    help: 'As the app is registered: v1 reads system/Patient.read, v2 system/Patient.rs. The other syntax is dropped silently.',
  }),
})

const launch = z.object({
  enabled: z
    .boolean()
    .default(true)
    .meta({ label: 'Open from PowerChart', help: 'SMART launch, inside the chart or on its own.' }),
  clientId: z.string().trim().max(200).default('').meta({ label: 'Client id of the launched app' }),
  clientSecret: secret.default('').meta({
    label: 'Its secret',
    help: 'Empty for a public client, which proves itself by PKCE alone.',
    secret: true,
  }),
  scopes: z.array(z.string().min(1).max(200)).default([]).meta({ label: 'Scopes of a launch' }),
})

const fhir = z.object({
  base: url.default('').meta({
    label: 'FHIR address',
    help: 'With the tenant: https://fhir-ehr.cerner.com/r4/TENANT. A slash at the end does not matter.',
  }),
  version: z.enum(['R4', 'DSTU2']).default('R4').meta({ label: 'FHIR version' }),
  tokenUrl: url.default('').meta({ label: 'Token address', help: 'Empty: discovered.' }),
  authorizeUrl: url.default('').meta({ label: 'Authorize address', help: 'Empty: discovered.' }),
})

const service = z.boolean()
const millennium = z.object({
  base: url
    .default('')
    .meta({ label: 'Services address', help: 'The address that /patient/v1 and /scheduling/v1 follow.' }),
  tokenUrl: url.default('').meta({ label: 'Token address', help: 'Empty: as for FHIR.' }),
  person: service.default(false).meta({ label: 'Person services' }),
  scheduling: service.default(false).meta({ label: 'Scheduling services' }),
  clinical: service.default(false).meta({ label: 'Clinical results services' }),
  documents: service.default(false).meta({ label: 'Document services' }),
  transport: z.enum(['rest', 'soap11', 'soap12']).default('rest').meta({ label: 'Transport' }),
  soap: z
    .object({
      endpoint: url.default('').meta({ label: 'SOAP address' }),
      namespace: z
        .string()
        .max(300)
        .default('urn:practicestudio:mws:v1')
        .meta({ label: 'Namespace of the operations' }),
      operations: z.record(z.string(), z.string()).default({}).meta({
        label: 'Operation names',
        help: 'As the WSDL of the site names them, where they differ: searchPerson, findSlots, bookAppointment ….',
      }),
      username: z
        .string()
        .max(200)
        .default('')
        .meta({ label: 'WS-Security user', help: 'Empty: the bearer token is used.' }),
      password: secret.default('').meta({ label: 'WS-Security password', secret: true }),
    })
    .prefault({})
    .meta({ label: 'SOAP' }),
})

const pull = z.object({
  enabled: z.boolean().default(true).meta({ label: 'Pull changes' }),
  resources: z
    .array(z.enum(PULLED))
    .default([...PULLED])
    .meta({ label: 'What to pull' }),
  observationCategories: z
    .array(z.enum(['laboratory', 'vital-signs', 'social-history']))
    .default(['vital-signs'])
    .meta({
      label: 'Kinds of results',
      help: 'Leave laboratory out where results come by HL7 too, or each shows twice.',
    }),
  appointmentsEverySeconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .meta({ label: 'Appointments, every (s)' }),
  chartEverySeconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(900)
    .meta({ label: 'Everything else, every (s)' }),
  daysBack: z.number().int().min(0).max(3650).default(14).meta({ label: 'Appointments from days back' }),
  daysAhead: z.number().int().min(1).max(730).default(60).meta({ label: 'Appointments to days ahead' }),
  overlapSeconds: z.number().int().min(0).max(86_400).default(300).meta({
    label: 'Overlap of two pulls (s)',
    help: 'Asked for twice, since clocks and indexes lag; repeats change nothing.',
  }),
  chartYearsBack: z
    .number()
    .int()
    .min(0)
    .max(120)
    .default(3)
    .meta({ label: 'Chart from years back', help: 'How far the first pull looks.' }),
  locations: z
    .array(z.string().min(1))
    .default([])
    .meta({ label: 'Locations', help: 'Ids at Cerner whose appointments are ours.' }),
  practitioners: z
    .array(z.string().min(1))
    .default([])
    .meta({ label: 'Practitioners', help: 'Used where no location is named.' }),
  group: z.string().max(200).default('').meta({
    label: 'Group of a bulk export',
    help: 'Id of the Group that Cerner made for the first load; empty: patients one by one.',
  }),
  compareNightlyAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$|^$/, 'Write a time such as 02:30.')
    .default('02:30')
    .meta({ label: 'Full compare at', help: 'Local time of the practice; empty: never.' }),
})

const limits = z.object({
  concurrency: z.number().int().min(1).max(32).default(5).meta({
    label: 'Calls at the same time',
    help: 'Cerner publishes no limit; five is what integrators keep to.',
  }),
  requestsPerSecond: z.number().int().min(1).max(2000).default(50).meta({ label: 'Calls a second' }),
  connectTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(5000)
    .meta({ label: 'Connect timeout (ms)' }),
  answerTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .meta({ label: 'Answer timeout (ms)' }),
  answerMegabytes: z.number().int().min(1).max(512).default(96).meta({ label: 'Largest answer (MB)' }),
  retries: z
    .number()
    .int()
    .min(0)
    .max(10)
    .default(5)
    .meta({ label: 'Tries again', help: 'For reads only; a create is never repeated blindly.' }),
})

const rule = (label: string, value: Rule) => z.enum(RULES).default(value).meta({ label })

/** Settings of a Cerner connection: FHIR, SMART and Millennium services of one tenant. */
export const cernerSettings = z.object({
  profile: z
    .enum(PROFILE_NAMES)
    .default('millennium-2020')
    .meta({ label: 'Cerner version', help: 'Says what is on, off and limited.' }),
  fhir: fhir.prefault({}).meta({ label: 'FHIR' }),
  auth: auth.prefault({}).meta({ label: 'System account' }),
  launch: launch.prefault({}).meta({ label: 'SMART launch' }),
  millennium: millennium.prefault({}).meta({ label: 'Millennium web services' }),
  roads: z.partialRecord(z.enum(ACTIONS), z.enum(ROADS)).default({}).meta({
    label: 'Road of each action',
    help: 'Where nothing is set: FHIR if the profile has it, else the Millennium service.',
  }),
  pull: pull.prefault({}).meta({ label: 'Pulling' }),
  enrolAt: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9.-]{0,64}$/, 'Write the id alone, such as 675844.')
    .default('')
    .meta({
      label: 'Enrolling organization',
      help: 'Id of the Organization at Cerner that gives a new patient a medical record number. Needed to register patients over FHIR.',
    }),
  bookable: z
    .array(
      z.object({
        code: z.string().min(1).meta({
          label: 'Code',
          help: 'With its system: https://fhir.cerner.com/TENANT/codeSet/14249|24477854.',
        }),
        text: z.string().min(1).meta({ label: 'Name' }),
      }),
    )
    .default([])
    .meta({
      label: 'Appointment types that can be booked',
      help: 'Empty: those that pulled appointments have. Only types with resource lists can be booked over FHIR.',
    }),
  rules: z
    .object({
      appointment: rule('Appointments', 'ask'),
      patient: rule('Patients', 'newest'),
      fields: z
        .record(z.string(), z.enum(RULES))
        .default({})
        .meta({ label: 'Exceptions', help: 'By field: phone_mobile, start_time.' }),
    })
    .prefault({})
    .meta({ label: 'Who is right when both sides change' }),
  timeZones: z.record(z.string(), zone).default({}).meta({
    label: 'Time zone by location',
    help: 'Cerner sends no zone. Location id to zone; others take the zone below.',
  }),
  zone: zone.default('America/Chicago').meta({ label: 'Time zone' }),
  country: z.string().length(2).default('US').meta({ label: 'Country' }),
  authorityAliases: z.record(z.string(), z.string()).default({}).meta({
    label: 'Names of identifier systems',
    help: 'The system at Cerner to the authority HL7 messages use: urn:oid:1.2.3 to CERNER.',
  }),
  appointmentAuthority: z.string().max(100).default('CERNER').meta({
    label: 'Authority of appointment numbers',
    help: 'As SCH-2 names it, so that SIU and FHIR meet in one record.',
  }),
  visitAuthority: z
    .string()
    .max(100)
    .default('CERNER')
    .meta({ label: 'Authority of visit and order numbers' }),
  codeTranslations: z
    .array(
      z.object({
        set: z.string().min(1).meta({ label: 'Code set' }),
        code: z.string().min(1).meta({ label: 'Their code' }),
        means: z.string().min(1).meta({ label: 'Our code' }),
      }),
    )
    .default([])
    .meta({ label: 'Code translations' }),
  limits: limits.prefault({}).meta({ label: 'Limits' }),
  tls: z
    .object({
      ca: pem
        .default('')
        .meta({ label: 'Trusted authorities', help: 'PEM or file:PATH; empty means the public ones.' }),
    })
    .prefault({})
    .meta({ label: 'TLS' }),
  knownPatient: z
    .string()
    .max(64)
    .default('')
    .meta({ label: 'Test patient', help: 'Id of a patient that the connectivity test may read.' }),
})

export type CernerSettings = z.output<typeof cernerSettings>
export type CernerSettingsInput = z.input<typeof cernerSettings>

/** The settings that are sealed. */
export const CERNER_SECRETS = [
  'auth.clientSecret',
  'auth.privateKey',
  'launch.clientSecret',
  'millennium.soap.password',
] as const

/** The same as JSON Schema with `label`, `help`, `secret` and defaults: what the HTTP API hands to the form. */
export const cernerSettingsJson = z.toJSONSchema(cernerSettings, { io: 'input', unrepresentable: 'any' })
