import { spawnSync } from 'node:child_process'
import { createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeDataKey, makeFirstKeys, openKeyRing, rewrapDataKey } from './key-ring.ts'
import { ENVELOPE_BYTES, keyIdOf, openVault } from './vault.ts'

const practiceId = '0197a000-0000-7000-8000-000000000001'
const otherPracticeId = '0197a000-0000-7000-8000-000000000002'
const master = Buffer.alloc(32, 7)
const keys = makeFirstKeys({ master, practiceId })
const ring = openKeyRing({ master, practiceId, keys })
const vault = openVault({ ring, practiceId })
const place = 'exchange/raw/0197a1b2-0000-7000-8000-000000000000'
const code = (value: string): unknown => expect.objectContaining({ code: value })

describe('sealing', () => {
  test('what was sealed opens again, byte for byte', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 4096 }), (where, plain) => {
        const sealed = vault.seal(where, plain)
        expect(sealed).toHaveLength(plain.length + ENVELOPE_BYTES)
        expect(vault.open(where, sealed).equals(plain)).toBe(true)
      }),
    )
  })

  test('text in any script opens again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(vault.openText(place, vault.seal(place, text))).toBe(text)
      }),
    )
  })

  test('another engine process with the same keys opens it', () => {
    const other = openVault({ ring: openKeyRing({ master, practiceId, keys }), practiceId })
    expect(other.openText(place, vault.seal(place, 'GARCIA'))).toBe('GARCIA')
  })

  test('one changed bit anywhere keeps it shut', () => {
    const sealed = vault.seal(place, 'PID|1||123456')
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const isKeyId = bit >> 3 >= 1 && bit >> 3 < 5
      expect(() => vault.open(place, changed)).toThrow(code(isKeyId ? 'KEY_MISSING' : 'SEAL_BROKEN'))
    }
  })

  test('any cut keeps it shut', () => {
    const sealed = vault.seal(place, 'PID|1')
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => vault.open(place, sealed.subarray(0, length))).toThrow(code('SEAL_BROKEN'))
    }
  })

  test('what was sealed for one place does not open in another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (here, there) => {
        fc.pre(Buffer.from(here).compare(Buffer.from(there)) !== 0)
        expect(() => vault.open(there, vault.seal(here, 'x'))).toThrow(code('SEAL_BROKEN'))
      }),
    )
  })

  test('what one practice sealed does not open for another, even with the same data key', () => {
    const other = openVault({ ring, practiceId: otherPracticeId })
    expect(() => other.open(place, vault.seal(place, 'x'))).toThrow(code('SEAL_BROKEN'))
  })

  test('two seals of the same content never look the same, nor share key and nonce', () => {
    const headers = new Set<string>()
    for (let count = 0; count < 2000; count += 1) {
      headers.add(vault.seal(place, 'same').subarray(0, 25).toString('hex'))
    }
    const restarted = openVault({ ring, practiceId })
    headers.add(restarted.seal(place, 'same').subarray(0, 25).toString('hex'))
    expect(headers.size).toBe(2001)
  })

  test('errors name the place and never the content', () => {
    const sealed = vault.seal(place, 'SECRET')
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
    expect(() => vault.open(place, sealed)).toThrow(place)
    expect(() => vault.open(place, sealed)).not.toThrow('SECRET')
  })
})

describe('rotation', () => {
  test('a new data key seals from now on and the old one stays readable', () => {
    const rotating = openKeyRing({ master, practiceId, keys })
    const engine = openVault({ ring: rotating, practiceId })
    const before = engine.seal(place, 'before')
    const retired = keys.map((key) => ({ ...key, isCurrent: false }))
    const next = makeDataKey({ master, practiceId, purpose: 'seal' })
    rotating.refresh([...retired, next])
    const after = engine.seal(place, 'after')
    expect([keyIdOf(before), keyIdOf(after)]).toEqual([keys[0]?.keyId, next.keyId])
    expect([engine.openText(place, before), engine.openText(place, after)]).toEqual(['before', 'after'])
    expect(() => vault.open(place, after)).toThrow(code('KEY_MISSING'))
  })

  test('a new master key wraps the same data keys and opens what they sealed', () => {
    const next = Buffer.alloc(32, 8)
    const sealed = vault.seal(place, 'x')
    const rewrapped = keys.map((key) => rewrapDataKey({ from: master, to: next, practiceId, key }))
    const engine = openVault({ ring: openKeyRing({ master: next, practiceId, keys: rewrapped }), practiceId })
    expect(engine.openText(place, sealed)).toBe('x')
    expect(engine.blind('control-id', 'x')).toEqual(vault.blind('control-id', 'x'))
    expect(() => openKeyRing({ master, practiceId, keys: rewrapped })).toThrow(code('KEY_MISSING'))
  })

  test('the wrong master key is named as missing', () => {
    expect(() => openKeyRing({ master: Buffer.alloc(32), practiceId, keys })).toThrow(code('KEY_MISSING'))
  })

  test('a wrapped key that was changed, or moved to another practice or purpose, does not open', () => {
    const [first, second] = keys
    if (!first || !second) throw new Error('two keys were made')
    const changed = Buffer.from(first.wrapped)
    changed[40] = (changed[40] ?? 0) ^ 1
    for (const damaged of [
      { ...first, wrapped: changed },
      { ...first, keyId: first.keyId ^ 1 },
      { ...first, wrapped: second.wrapped },
    ]) {
      expect(() => openKeyRing({ master, practiceId, keys: [damaged, second] })).toThrow(code('SEAL_BROKEN'))
    }
    expect(() => openKeyRing({ master, practiceId: otherPracticeId, keys })).toThrow(code('SEAL_BROKEN'))
  })
})

describe('blind indexes', () => {
  test('the index is HMAC-SHA-256 under a key of its own practice and name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (value) => {
        const info = `practice-studio blind index v1/${practiceId}/patient-identifier`
        const key = Buffer.from(hkdfSync('sha256', ring.index.secret, '', info, 32)).toString('hex')
        const mac = createHmac('sha256', key).update(value).digest()
        expect(vault.blind('patient-identifier', value)).toEqual(mac.subarray(0, 16))
        expect(vault.token('patient-identifier', value)).toBe(mac.readBigInt64BE())
      }),
    )
  })

  test('the same value looks different in another index and another practice', () => {
    const other = openVault({ ring, practiceId: otherPracticeId })
    const looks = [
      vault.blind('patient-identifier', '12345'),
      vault.blind('control-id', '12345'),
      other.blind('patient-identifier', '12345'),
    ]
    expect(new Set(looks.map((each) => each.toString('hex'))).size).toBe(3)
  })

  test('a separate process computes the same index', () => {
    const program = `
      import { openKeyRing } from ${JSON.stringify(import.meta.resolve('./key-ring.ts'))}
      import { openVault } from ${JSON.stringify(import.meta.resolve('./vault.ts'))}
      const { keys, practiceId, master } = JSON.parse(process.argv[1])
      const unpacked = keys.map((key) => ({ ...key, wrapped: Buffer.from(key.wrapped, 'hex') }))
      const ring = openKeyRing({ master: Buffer.from(master, 'hex'), practiceId, keys: unpacked })
      process.stdout.write(openVault({ ring, practiceId }).blind('control-id', 'Ünïcode 1').toString('hex'))`
    const packed = keys.map((key) => ({ ...key, wrapped: Buffer.from(key.wrapped).toString('hex') }))
    const handed = JSON.stringify({ keys: packed, practiceId, master: master.toString('hex') })
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program, handed])
    expect(child.stderr.toString()).toBe('')
    expect(child.stdout.toString()).toBe(vault.blind('control-id', 'Ünïcode 1').toString('hex'))
  })
})
