import { describe as suite, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { fixture, fixtureNames } from './fixtures.arbitraries.ts'
import type { Hl7Message } from './message.ts'
import { describe } from './tree.ts'
import type { TreeNode } from './tree.ts'

function read(name: string): Hl7Message {
  const decoded = decode(fixture(name))
  if (decoded.kind !== 'message') throw new Error(`not a message but ${decoded.kind}`)
  return decoded.message
}

const nodesOf = (m: Hl7Message): TreeNode[] =>
  describe(m).flatMap((segment) =>
    segment.fields.flatMap((field) => [
      field,
      ...field.repetitions.flatMap((repetition) => [
        repetition,
        ...repetition.components.flatMap((component) => [component, ...component.subcomponents]),
      ]),
    ]),
  )

const messages = fixtureNames('valid').filter((name) => !name.startsWith('batch'))

test.each(messages)('every place of %s stands where its offsets say', (name) => {
  const m = read(name)
  for (const node of nodesOf(m)) expect(m.text.slice(node.start, node.end)).toBe(node.raw)
})

test.each(messages)('every simple place of %s opens by its path', (name) => {
  const m = read(name)
  for (const segment of describe(m)) {
    for (const field of segment.fields) {
      for (const repetition of field.repetitions) {
        for (const component of repetition.components) {
          if (component.subcomponents.length > 0 || component.raw.includes('\r')) continue
          expect(m.get(component.path)).toBe(component.value.replace(/^ +| +$/g, ''))
        }
      }
    }
  }
})

suite('the guide sample', () => {
  const tree = describe(read('guide-adt-a04'))
  const pid = tree.find((segment) => segment.segment === 'PID')

  test('has names for its places', () => {
    expect(pid?.name).toBe('Patient Identification')
    const id = pid?.fields.find((field) => field.n === 3)
    expect(id).toMatchObject({ path: 'PID-3', type: 'CX', raw: '12345^^^CERNER^MRN' })
    expect(id?.repetitions[0]?.components.map((c) => [c.path, c.value])).toEqual([
      ['PID-3.1', '12345'],
      ['PID-3.2', ''],
      ['PID-3.3', ''],
      ['PID-3.4', 'CERNER'],
      ['PID-3.5', 'MRN'],
    ])
  })

  test('shows only fields that say something', () => {
    expect(pid?.fields.map((field) => field.n)).toEqual([
      1, 3, 5, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ])
  })
})

test('nulls and escapes are marked, OBX-5 has the type of OBX-2', () => {
  const nulls = nodesOf(read('adt-a08-nulls'))
  expect(nulls.find((node) => node.path === 'PID-13')).toMatchObject({ isNull: true, value: '' })
  const escapes = nodesOf(read('escapes'))
  expect(escapes.find((node) => node.path === 'OBX-5')).toMatchObject({
    isEscaped: true,
    value: 'A|B^C~D\\E&F',
    type: 'ST',
  })
  expect(escapes.find((node) => node.path === 'MSH-2')).toMatchObject({ isEscaped: false, value: '^~\\&' })
})
