import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linesOf, readJson, type JsonNode } from './json-text.ts'

function valueOf(node: JsonNode): unknown {
  if (node.kind === 'array') return node.children.map(valueOf)
  if (node.kind !== 'object') return JSON.parse(node.raw)
  return Object.fromEntries(node.children.map((child) => [child.key, valueOf(child)]))
}
const textOf = (value: unknown): string => JSON.stringify(value)

test('what is read is what JSON says', () => {
  const values = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()))
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      const root = readJson(text)
      expect(root === null ? null : textOf(valueOf(root))).toBe(textOf(JSON.parse(text)))
    }),
  )
})

test('a decimal keeps its digits', () => {
  expect(readJson('{"value":180.0}')?.children[0]?.raw).toBe('180.0')
})

test('places are written as FHIRPath writes them', () => {
  const root = readJson('{"name":[{"family":"Doe","given":["Jo"]}]}')
  const paths = (node: JsonNode): string[] => [node.path, ...node.children.flatMap(paths)]
  expect(root === null ? [] : paths(root)).toEqual([
    '',
    'name',
    'name[0]',
    'name[0].family',
    'name[0].given',
    'name[0].given[0]',
  ])
  expect(root === null ? 0 : linesOf(root)).toBe(6)
})

test.each(['', 'MSH|^~\\&|', '{', '{"a":1', '{"a" 1}', '[1,]', '{"a":1} x', '{a:1}', `${'['.repeat(5_000)}`])(
  'a text that is not JSON is said to be none: %j',
  (text) => {
    expect(readJson(text)).toBeNull()
  },
)
