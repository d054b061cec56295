import { expect, test } from 'vitest'
import { placeText, readPlace, readPlaces, remapped } from './place.ts'

test('a column may name several places, of which the first valued one counts', () => {
  expect(readPlaces('PID-11.9 | PID-12').map((place) => placeText(place))).toEqual(['PID-11.9', 'PID-12'])
})

test('a place is written as the standard writes it', () => {
  expect(placeText(readPlace('PID-5.1.1'))).toBe('PID-5.1.1')
  expect(placeText(readPlace('PID-13(home)'), 1, 2)).toBe('PID-13[2]')
  expect(placeText(readPlace('NK1-2.2'), 3)).toBe('NK1[3]-2.2')
})

test('a column that names no place is a fault of the table', () => {
  expect(() => readPlace('PID.5')).toThrow('not an HL7 place')
})

test('the last remap of a place wins, and one of a component over one of its field', () => {
  const at = (text: string, ...rules: [from: string, to: string][]) => {
    const place = remapped(
      readPlace(text),
      rules.map(([from, to]) => ({ from, to })),
    )
    return place && placeText(place)
  }
  expect(at('IN1-36', ['IN1-35', 'IN1-36'])).toBe('IN1-35')
  expect(at('IN1-36.1', ['IN1-35', 'IN1-36'])).toBe('IN1-35.1')
  expect(at('IN1-36', ['IN1-35', 'IN1-36'], ['IN1-49', 'IN1-36'])).toBe('IN1-49')
  expect(at('PID-5.2', ['PID-6', 'PID-5'], ['PID-9.2', 'PID-5.2'])).toBe('PID-9.2')
  expect(at('IN1-35', ['IN1-35', 'IN1-36'])).toBeNull()
  expect(at('IN1-16', ['IN1-14', 'IN1-16'], ['IN1-16', 'IN1-18'])).toBe('IN1-14')
})
