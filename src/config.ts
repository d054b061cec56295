import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { configSchema } from './config-schema.ts'
import type { Config } from './config-schema.ts'
import { IntegrationError } from './kernel/errors.ts'
import { isSecretReference, resolveSecret } from './vault/secret-reference.ts'

export { configSchema }
export type { Config }

export const CONFIG_FILE = 'practice-studio.config.json'

/** Environment variables and the settings they stand for; they win over the file. */
// prettier-ignore
export const ENVIRONMENT: readonly { name: string; path: readonly string[]; isNumber?: true }[] = [
  { name: 'DATABASE_URL',         path: ['databaseUrl'] },
  { name: 'PRACTICE_STUDIO_HOME', path: ['home'] },
  { name: 'PRACTICE_STUDIO_KEY',  path: ['key'] },
  { name: 'HOST',                 path: ['host'] },
  { name: 'PORT',                 path: ['port'], isNumber: true },
  { name: 'PUBLIC_URL',           path: ['publicUrl'] },
  { name: 'MLLP_HOST',            path: ['mllp', 'host'] },
  { name: 'MLLP_PORT',            path: ['mllp', 'port'], isNumber: true },
  { name: 'LOG_LEVEL',            path: ['logLevel'] },
]

type Settings = { [name: string]: unknown }

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (place: string, reason: string, cause?: unknown): IntegrationError =>
  new IntegrationError('CONFIG_INVALID', { place, reason }, { cause })

async function readConfigFile(path: string, isNamed: boolean): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (isAbsent && !isNamed) return {}
    throw invalid(path, isAbsent ? 'there is no such file' : 'the file cannot be read', cause)
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    // The parser's message quotes the text, which may hold what belongs elsewhere, so it is not passed on.
    throw invalid(path, 'the file is not JSON')
  }
}

/** Puts a value at a path, without touching what was read from the file. */
function withSetting(settings: Settings, path: readonly string[], value: unknown): Settings {
  const [first = '', ...rest] = path
  if (rest.length === 0) return { ...settings, [first]: value }
  const inner = settings[first]
  // What is no object stays, so that the check names it.
  if (inner !== undefined && !isSettings(inner)) return settings
  return { ...settings, [first]: withSetting(inner ?? {}, rest, value) }
}

/** A number as a person may write it; anything else stays text and fails the check by its name. */
const asNumber = (text: string): number | string => (/^\d+$/.test(text.trim()) ? Number(text) : text)

function applyEnvironment(fromFile: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (!isSettings(fromFile)) return fromFile
  let settings = fromFile
  for (const { name, path, isNumber } of ENVIRONMENT) {
    const text = environment[name]
    if (text) settings = withSetting(settings, path, isNumber ? asNumber(text) : text)
  }
  return settings
}

// A password in a file that is copied, backed up and mailed around is no secret any more.
function refuseInlineSecrets(fromFile: unknown, file: string): void {
  if (!isSettings(fromFile)) return
  const { key, databaseUrl } = fromFile
  const reason = 'a secret is not written in the file; write env:NAME, file:PATH or command:PROGRAM'
  if (typeof key === 'string' && !isSecretReference(key)) throw invalid(`key in ${file}`, reason)
  if (typeof databaseUrl === 'string' && /\/\/[^/@]*:[^/@]+@|[?&]password=/.test(databaseUrl)) {
    throw invalid(`databaseUrl in ${file}`, reason)
  }
}

function placeOf(issue: z.core.$ZodIssue, file: string, environment: NodeJS.ProcessEnv): string {
  const path = issue.path.join('.')
  const variable = ENVIRONMENT.find((each) => each.path.join('.') === path)
  if (variable && environment[variable.name]) return variable.name
  return path ? `${path} in ${file}` : file
}

/** Our sentence, in the style of the others: lower case, no full stop, never the value. */
const reasonOf = (issue: z.core.$ZodIssue): string =>
  issue.message.replace(/^Invalid (input|option): /, '').replace(/^[A-Z]/, (first) => first.toLowerCase())

/**
 * Reads the configuration: environment over file over defaults. The file is `practice-studio.config.json` in the
 * working folder, or the one that PRACTICE_STUDIO_CONFIG names.
 *
 * `home` comes out as an absolute path and `databaseUrl` as the URL itself; the master key and the certificates stay
 * references until they are needed.
 *
 * @throws CONFIG_INVALID naming the variable, or the setting and the file
 */
export async function loadConfig(
  options: { environment?: NodeJS.ProcessEnv; folder?: string } = {},
): Promise<Config> {
  const { environment = process.env, folder = process.cwd() } = options
  const named = environment['PRACTICE_STUDIO_CONFIG']
  const file = named ? resolve(folder, named) : join(folder, CONFIG_FILE)
  const fromFile = await readConfigFile(file, Boolean(named))
  refuseInlineSecrets(fromFile, file)
  const parsed = configSchema.safeParse(applyEnvironment(fromFile, environment))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (!issue) throw invalid(file, 'the file is not valid')
    throw invalid(placeOf(issue, file, environment), reasonOf(issue))
  }
  const config = { ...parsed.data, home: resolve(folder, parsed.data.home) }
  if (!config.databaseUrl || !isSecretReference(config.databaseUrl)) return config
  const databaseUrl = await resolveSecret({
    reference: config.databaseUrl,
    place: 'databaseUrl',
    environment,
  })
  return { ...config, databaseUrl }
}
