import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { replayRequest } from '../src/contract/exchanges.ts'
import type { ExchangeId } from '../src/kernel/ids.ts'
import { dumpDatabase, readFolder } from './torture/dump.ts'
import { Haystack, needlesOf } from './torture/needles.ts'
import type { Secret } from './torture/needles.ts'
import { secretPeople } from './torture/secret-people.ts'
import { openWorld } from './world.ts'
import type { World } from './world.ts'

// The long version, with a real engine, its log and its whole data folder: node test/torture/leak.ts

const people = secretPeople(3, 9)

describe('the search finds a value', () => {
  const secrets: Secret[] = [
    { name: 'name', value: 'Zéphyrine', kind: 'text' },
    { name: 'born', value: '1957-03-09', kind: 'date' },
    { name: 'phone', value: '+12175550143', kind: 'number' },
  ]
  const haystack = new Haystack(needlesOf(secrets))
  const found = (bytes: Buffer): string[] => [
    ...new Set(haystack.search(bytes, '').map(({ secret }) => secret)),
  ]
  const around = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0, 7, 0x81]), bytes, Buffer.from([0xff, 0])])
  const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

  // prettier-ignore
  test.each([
    ['UTF-8', Buffer.from('Zéphyrine'), 'name'],
    ['Latin-1', Buffer.from('Zéphyrine', 'latin1'), 'name'],
    ['UTF-16LE', Buffer.from('ZÉPHYRINE', 'utf16le'), 'name'],
    ['UTF-16BE', utf16be('zéphyrine'), 'name'],
    ['hexadecimal', Buffer.from(Buffer.from('Zéphyrine').toString('hex')), 'name'],
    ['a URL', Buffer.from(encodeURIComponent('Zéphyrine')), 'name'],
    ['JSON with escapes', Buffer.from('"Z\\u00e9phyrine"'), 'name'],
    ['base64, first place', Buffer.from(Buffer.from('Zéphyrine!').toString('base64')), 'name'],
    ['base64, second place', Buffer.from(Buffer.from('.Zéphyrine!').toString('base64')), 'name'],
    ['base64, third place', Buffer.from(Buffer.from('..Zéphyrine!').toString('base64url')), 'name'],
    ['a date of HL7', Buffer.from('19570309'), 'born'],
    ['a date of ISO', Buffer.from('1957-03-09'), 'born'],
    ['a date of America', Buffer.from('3/9/1957'), 'born'],
    ['a date of Europe', Buffer.from('09.03.1957'), 'born'],
    ['a date in words', Buffer.from('Mar 9, 1957'), 'born'],
    ['a telephone in E.164', Buffer.from('+12175550143'), 'phone'],
    ['a telephone as written', Buffer.from('(217)555-0143'), 'phone'],
    ['digits in UTF-16', Buffer.from('2175550143', 'utf16le'), 'phone'],
  ])('in %s', (_name, bytes, secret) => {
    expect(found(around(bytes))).toEqual([secret])
    expect(found(bytes)).toEqual([secret])
    expect(found(around(bytes.subarray(0, 6)))).toEqual([])
  })
})

async function load(world: World): Promise<void> {
  for (const { messages, broken } of people) {
    const peer = await world.connect()
    for (const message of [...messages, ...broken]) await peer.ask(message)
    peer.socket.write(Buffer.concat([Buffer.from('\x0b'), messages[0]?.subarray(0, 300) ?? Buffer.alloc(0)]))
    peer.socket.end()
  }
  await world.settled()
  const { rows } = await world.store.database.query<{ id: ExchangeId }>(
    'select id from exchange where duplicate_of is null',
  )
  for (const [n, { id }] of rows.entries()) {
    const request = replayRequest.parse({
      preview: n % 2 === 0,
      edits: [{ place: 'PID-5.1', value: people[0]?.editedName }],
    })
    await world.engine.services.replay(id, request, { name: 'test', role: 'analyst' }).catch(() => undefined)
  }
  await world.settled()
}

test('no value of a patient stands in a dump of the database, in its files or in its log of changes', async () => {
  await using world = await openWorld()
  const { asOwner, connectionString } = world.store
  await load(world)
  const states = new Set((await world.exchanges()).map(({ state }) => state))
  expect([...states]).toEqual(expect.arrayContaining(['applied', 'parked', 'ignored', 'duplicate']))

  const search = async (): Promise<string[]> => {
    const haystack = new Haystack(needlesOf(people.flatMap(({ secrets }) => secrets)))
    await asOwner('checkpoint')
    const findings = []
    for await (const { name, bytes, isHexText } of dumpDatabase(connectionString))
      findings.push(...haystack.search(bytes, name, isHexText))
    const [{ folder = '', oid = 0 } = {}] = await asOwner<{ folder: string; oid: number }>(
      `select current_setting('data_directory') as folder, oid from pg_database where datname = current_database()`,
    )
    for (const part of [`base/${oid}`, 'pg_wal']) {
      for await (const { name, bytes } of readFolder(join(folder, part)))
        findings.push(...haystack.search(bytes, `${part.split('/')[0]} ${name}`))
    }
    return findings.map(({ secret, where }) => `${secret} in ${where.replace(/ \S*$/, '')}`)
  }
  expect(await search()).toEqual([])

  await asOwner('create table planted (value text, bytes bytea)')
  const { family = '', mrn = '' } = people[1]?.asked ?? {}
  await asOwner('insert into planted values ($1, $2)', [family, Buffer.from(mrn)])
  const found = new Set(await search())
  for (const where of ['table public.planted as', 'base', 'pg_wal']) {
    expect(found).toContain(`person 1 PID-5.1 in ${where}`)
    expect(found).toContain(`person 1 PID-3 in ${where}`)
  }
})
