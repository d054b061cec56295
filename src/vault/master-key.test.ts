import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openMasterKey } from './master-key.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'practice-studio-key-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const code = (value: string): unknown => expect.objectContaining({ code: value })
const key = randomBytes(32)
const text = key.toString('base64')

test('the first run makes a key that only its owner can read, and later runs find it', async () => {
  const first = await openMasterKey({ setting: undefined, home })
  const second = await openMasterKey({ setting: undefined, home })
  expect([first.created, second.created]).toEqual([true, false])
  expect(second.key).toEqual(first.key)
  expect((await stat(join(home, 'master.key'))).mode & 0o777).toBe(0o600)
})

test('engines that start at the same moment agree on one key', async () => {
  const opened = await Promise.all(
    Array.from({ length: 8 }, () => openMasterKey({ setting: undefined, home: join(home, 'deep', 'var') })),
  )
  expect(new Set(opened.map((each) => each.key.toString('hex'))).size).toBe(1)
  expect(opened.filter((each) => each.created)).toHaveLength(1)
})

test('the key may be given itself, by file or by command', async () => {
  const path = join(home, 'my key')
  await writeFile(path, `${text}\n`)
  const program = `command:${process.execPath} -e "process.stdout.write(process.argv[1])" ${text}`
  for (const setting of [text, `file:${path}`, program]) {
    const opened = await openMasterKey({ setting, home })
    expect(opened.key).toEqual(key)
    expect(opened.created).toBe(false)
  }
})

test('a key that is not 32 bytes in base64 is refused without repeating it', async () => {
  for (const setting of [text.slice(4), `${text}AAAA`, text.replace(/^./, '*'), 'x']) {
    await expect(openMasterKey({ setting, home })).rejects.toThrow(code('KEY_INVALID'))
  }
  await expect(openMasterKey({ setting: 'x'.repeat(40), home })).rejects.not.toThrow('xxxx')
})

test('a reference that leads nowhere names the setting and the reason', async () => {
  await expect(openMasterKey({ setting: `file:${home}/none`, home })).rejects.toThrow(
    'PRACTICE_STUDIO_KEY: the file or program does not exist',
  )
  const failing = `command:${process.execPath} -e "console.log('SECRET');process.exit(3)"`
  await expect(openMasterKey({ setting: failing, home })).rejects.toThrow('exit code 3')
  await expect(openMasterKey({ setting: failing, home })).rejects.not.toThrow('SECRET')
})

test('a damaged key file is not replaced', async () => {
  await writeFile(join(home, 'master.key'), 'damaged')
  await expect(openMasterKey({ setting: undefined, home })).rejects.toThrow(code('KEY_INVALID'))
  expect(await readFile(join(home, 'master.key'), 'utf8')).toBe('damaged')
})
