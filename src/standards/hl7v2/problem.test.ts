import { expect, test } from 'vitest'
import { placeText, problem, readPlace } from './problem.ts'

test.each([
  [{ segment: 'PID' }, 'PID'],
  [{ segment: 'PID', field: 7 }, 'PID-7'],
  [{ segment: 'PID', occurrence: 1, field: 3, repetition: 1, component: 4 }, 'PID-3.4'],
  [
    { segment: 'NK1', occurrence: 2, field: 3, repetition: 2, component: 4, subcomponent: 1 },
    'NK1[2]-3[2].4.1',
  ],
])('%j is %s', (place, text) => {
  expect(placeText(place)).toBe(text)
  expect(placeText(readPlace(text) ?? { segment: '' })).toBe(text)
})

test.each(['', 'PI', 'PID-', 'PID-x', 'PID.3', 'PID-3.4.5.6', 'PID[2]3'])('%j is no place', (text) => {
  expect(readPlace(text)).toBeNull()
})

test('a problem names its place and never a value', () => {
  expect(
    problem('HL7_REQUIRED_FIELD_EMPTY', { segment: 'NK1', occurrence: 2, field: 2 }, 101, 'E'),
  ).toMatchObject({
    says: 'Required field NK1[2]-2 is empty.',
    condition: 101,
    severity: 'E',
  })
})
