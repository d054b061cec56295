import { describe, expect, test } from 'vitest'
import data from './dictionary.data.json' with { type: 'json' }
import { extract } from './dictionary.generate.ts'
import {
  componentName,
  componentType,
  fieldDefinition,
  fieldName,
  fieldTable,
  fieldType,
  segmentName,
  typeName,
} from './dictionary.ts'

test('the extract is what hl7v2-dictionary says', () => {
  expect(data.segments).toEqual(extract('segments'))
  expect(data.types).toEqual(extract('types'))
})

describe('names', () => {
  test('of segments, fields and components', () => {
    expect(segmentName('PID', '2.5.1')).toBe('Patient Identification')
    expect(fieldName('PID', 11, '2.5.1')).toBe('Patient Address')
    expect(fieldType('PID', 11, '2.5.1')).toBe('XAD')
    expect(fieldTable('PID', 8, '2.5.1')).toBe(1)
    expect(componentName('CX', 4, '2.5.1')).toBe('Assigning Authority')
    expect(componentType('CX', 4, '2.5.1')).toBe('HD')
    expect(typeName('XAD')).toBe('Extended Address')
    expect(fieldDefinition('PID', 3, '2.5.1')).toMatchObject({ required: true, repeats: true })
  })

  test('differ by version', () => {
    expect(fieldType('PID', 10, '2.3')).toBe('IS')
    expect(fieldType('PID', 10, '2.5.1')).toBe('CE')
  })

  test('come from the nearest version when there is no exact one', () => {
    expect(fieldType('PID', 10, '2.3.2')).toBe(fieldType('PID', 10, '2.3.1'))
    expect(fieldName('PID', 11, '2.8.2')).toBe(fieldName('PID', 11, '2.8'))
    expect(fieldName('PID', 11, '')).toBe(fieldName('PID', 11, '2.5.1'))
    expect(segmentName('TQ1', '2.3')).toBe(segmentName('TQ1', '2.5'))
  })

  test('of Z segments are local, and unknown ones are empty', () => {
    expect(segmentName('ZPI', '2.3')).toBe('Local segment')
    expect(segmentName('QQQ')).toBe('')
    expect(fieldName('ZPI', 1)).toBe('')
    expect(fieldName('PID', 999)).toBe('')
    expect(segmentName('constructor')).toBe('')
  })
})
