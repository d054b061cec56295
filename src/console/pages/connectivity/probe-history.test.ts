import { expect, test } from 'vitest'
import { makeCerner, probeOf } from '../../fixtures/cerner.ts'
import { pastOf, reportText } from './probe-history.ts'

const world = makeCerner(Date.parse('2026-11-20T12:00:00Z'), [])
const AT = '2026-11-20T12:00:00.000Z'

test('a test that breaks is remembered by the rung that broke and how far it came', () => {
  expect(pastOf(AT, probeOf({ ...world, failsAt: 'token' }))).toMatchObject({
    outcome: 'failed',
    rung: 'A token is given',
    passed: 5,
    of: 9,
  })
})

test('a test that only warns counts as come through', () => {
  expect(pastOf(AT, probeOf(world))).toMatchObject({
    outcome: 'warning',
    rung: 'All scopes are granted',
    passed: 9,
  })
  expect(pastOf(AT, probeOf({ ...world, withheld: new Set() }))).toMatchObject({
    outcome: 'passed',
    rung: '',
  })
})

test('nothing of what a test found is remembered', () => {
  expect(JSON.stringify(pastOf(AT, probeOf(world)))).not.toContain('cerner.com')
})

test('the text says each rung, and what to do and who acts where one does not hold', () => {
  const text = reportText('Lakeview Hospital', AT, probeOf({ ...world, failsAt: 'tcp' }))
  expect(text).toContain('3. The port answers: Failed')
  expect(text).toContain('Who acts: The network team')
  expect(text).toContain('4. The certificate is trusted: Not tried')
})
