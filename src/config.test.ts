import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configJsonSchema, configPage } from './config-docs.ts'
import { CONFIG_FILE, loadConfig } from './config.ts'
import type { Config } from './config.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'practice-studio-config-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const load = async (file: unknown, environment: NodeJS.ProcessEnv = {}): Promise<Config> => {
  if (file !== undefined) {
    await writeFile(join(folder, CONFIG_FILE), typeof file === 'string' ? file : JSON.stringify(file))
  }
  return loadConfig({ environment, folder })
}
const code = expect.objectContaining({ code: 'CONFIG_INVALID' }) as unknown

test('nothing has to be configured', async () => {
  const config = await load(undefined)
  expect(config).toMatchObject({ host: '127.0.0.1', port: 3000, logLevel: 'info', home: join(folder, 'var') })
  expect(config.mllp).toMatchObject({
    port: 2575,
    allow: [],
    ackMode: 'on_commit',
    limits: { frameBytes: 67_108_864 },
  })
  expect(config.practice).toMatchObject({ country: 'US', timeZone: 'America/Chicago' })
  expect([config.databaseUrl, config.key, config.mllp.tls]).toEqual([undefined, undefined, undefined])
})

test('the environment wins over the file, and the file over the defaults', async () => {
  const file = { port: 4000, host: '::1', mllp: { port: 1, strict: true } }
  const config = await load(file, { PORT: '5000', MLLP_PORT: '0', LOG_LEVEL: 'debug', HOST: '' })
  expect(config).toMatchObject({ port: 5000, host: '::1', logLevel: 'debug' })
  expect(config.mllp).toMatchObject({ port: 0, strict: true, host: '127.0.0.1' })
})

test('another file can be named, and must then be there', async () => {
  await writeFile(join(folder, 'other.json'), '\uFEFF{"port": 4001}')
  expect((await load({ port: 1 }, { PRACTICE_STUDIO_CONFIG: 'other.json' })).port).toBe(4001)
  const absent = load(undefined, { PRACTICE_STUDIO_CONFIG: 'none.json' })
  await expect(absent).rejects.toThrow('none.json: there is no such file')
})

test.each([
  [{ prot: 1 }, {}, 'prot'],
  [{ mllp: { port: '2575' } }, {}, 'mllp.port in'],
  [{ mllp: { limits: { frameBytes: 1 } } }, {}, 'mllp.limits.frameBytes in'],
  [{ mllp: 5 }, { MLLP_PORT: '1' }, 'mllp in'],
  [{ mllp: { allow: ['10.0.0.0/8', 'intranet'] } }, {}, 'mllp.allow.1 in'],
  [{ mllp: { charset: 'klingon' } }, {}, 'mllp.charset in'],
  [{ practice: { timeZone: 'Mars/Olympus' } }, {}, 'practice.timeZone in'],
  [{ practice: { id: '5' } }, {}, 'practice.id in'],
  [{ mllp: { tls: { cert: 'file:a', key: '-----BEGIN' } } }, {}, 'mllp.tls.key in'],
  [{}, { PORT: 'http' }, 'at PORT'],
  [{}, { MLLP_PORT: '70000' }, 'at MLLP_PORT'],
  [{}, { LOG_LEVEL: 'loud' }, 'at LOG_LEVEL'],
  [{}, { DATABASE_URL: 'mysql://x' }, 'at DATABASE_URL'],
  ['{', {}, 'not JSON'],
  ['[]', {}, CONFIG_FILE],
])('a wrong setting is refused at its place: %j %j', async (file, environment, place) => {
  const wrong = load(file, environment)
  await expect(wrong).rejects.toThrow(code)
  await expect(wrong).rejects.toThrow(place)
})

test('secrets are not taken from the file, and not repeated', async () => {
  for (const file of [
    { key: 'SECRETSECRET' },
    { databaseUrl: 'postgresql://user:SECRETSECRET@host/db' },
    { databaseUrl: 'postgresql://host/db?password=SECRETSECRET' },
  ]) {
    await expect(load(file)).rejects.toThrow('env:NAME')
    await expect(load(file)).rejects.not.toThrow('SECRETSECRET')
  }
  await expect(load({}, { DATABASE_URL: 'SECRETSECRET' })).rejects.not.toThrow('SECRETSECRET')
})

test('a secret is read from where its reference points', async () => {
  await writeFile(join(folder, 'url'), 'postgresql://u:p@host/db\n')
  const config = await load({ databaseUrl: `file:${join(folder, 'url')}`, key: 'env:MY_KEY' })
  expect(config.databaseUrl).toBe('postgresql://u:p@host/db')
  expect(config.key).toBe('env:MY_KEY')
  await expect(load({ databaseUrl: 'env:MY_URL' })).rejects.toThrow('MY_URL is not set')
  expect((await load({ databaseUrl: 'env:MY_URL' }, { MY_URL: 'postgresql://h/d' })).databaseUrl).toBe(
    'postgresql://h/d',
  )
})

test('the published JSON Schema and the reference page say what the program does (node src/config-docs.ts)', async () => {
  const reference = join(import.meta.dirname, '..', 'docs', 'reference')
  expect(await readFile(join(reference, 'config.schema.json'), 'utf8')).toBe(await configJsonSchema())
  expect(await readFile(join(reference, 'configuration.md'), 'utf8')).toBe(await configPage())
})
