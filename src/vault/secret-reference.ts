import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { IntegrationError } from '../kernel/errors.ts'

const run = promisify(execFile)
const COMMAND_TIMEOUT_MS = 30_000

/** `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENTS`: where a secret is, instead of the secret. */
export const SECRET_REFERENCE = /^(env|file|command):(.+)$/s

export const isSecretReference = (text: string): boolean => SECRET_REFERENCE.test(text)

/** Splits a command line on spaces; quotes keep spaces together. No shell sees it. */
function splitCommand(line: string): string[] {
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []
  return words.map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'))
}

async function readReference(kind: string, rest: string, environment: NodeJS.ProcessEnv): Promise<string> {
  if (kind === 'env') return environment[rest] ?? ''
  if (kind === 'file') return readFile(rest, 'utf8')
  const [program = '', ...args] = splitCommand(rest)
  const { stdout } = await run(program, args, { timeout: COMMAND_TIMEOUT_MS, windowsHide: true })
  return stdout
}

/** The reason without the text around it: a failed command quotes its output, which may hold the secret. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'it could not be read'
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return 'the file or program does not exist'
  if (code === 'EACCES') return 'the file or program may not be read by this user'
  if (typeof code === 'number') return `the command ended with exit code ${code}`
  return code === undefined && 'killed' in cause ? 'the command did not end in time' : 'it could not be read'
}

/**
 * Fetches a secret from where its reference points, without the line end that files and commands put behind it.
 *
 * @param options.place the setting, for the error
 * @throws CONFIG_INVALID when the reference leads nowhere
 */
export async function resolveSecret(options: {
  reference: string
  place: string
  environment?: NodeJS.ProcessEnv
}): Promise<string> {
  const [, kind, rest] = SECRET_REFERENCE.exec(options.reference) ?? []
  if (!kind || !rest) {
    const reason = 'expected env:NAME, file:PATH or command:PROGRAM'
    throw new IntegrationError('CONFIG_INVALID', { place: options.place, reason })
  }
  const environment = options.environment ?? process.env
  if (kind === 'env' && !environment[rest]) {
    const reason = `the environment variable ${rest} is not set`
    throw new IntegrationError('CONFIG_INVALID', { place: options.place, reason })
  }
  try {
    return (await readReference(kind, rest, environment)).replace(/\r?\n$/, '')
  } catch (cause) {
    throw new IntegrationError('CONFIG_INVALID', { place: options.place, reason: reasonOf(cause) })
  }
}
