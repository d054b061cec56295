import { expect, test } from 'vitest'
import { openWorld } from '../../test/world.ts'
import { ERRORS } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ExchangeId } from '../kernel/ids.ts'
import { adt } from './engine.world.ts'
import { sentenceOf } from './exchange-view.ts'

test('the page of a message shows its text, its tree, and each mapped value with its place', async () => {
  await using world = await openWorld()
  const message = adt({ mrn: 'A', family: 'ROE' })
  await world.send(message)
  const view = await world.engine.services.decode((await world.exchanges())[0]?.id as ExchangeId)
  expect(view.problem).toBeNull()
  expect(view.segments.map((segment) => segment.path)).toEqual(['MSH', 'EVN', 'PID', 'PV1'])
  const name = view.mapped.find((row) => row.field === 'last_name')
  expect(name).toMatchObject({ record: 'patient', value: 'ROE', place: 'PID-5.1.1' })
  const pid = view.segments[2] ?? expect.fail('no PID')
  expect(view.text.slice(pid.start, pid.end)).toMatch(/^PID\|/)
})

test.each([
  ['what is no message', 'hello world', { code: 'HL7_UNREADABLE', place: 'MSH' }],
  [
    'a message without a patient number',
    adt({ pid: { 3: '' } }),
    { code: 'HL7_REQUIRED_FIELD_EMPTY', place: 'PID-3' },
  ],
  ['an event that is set aside', adt({ event: 'A99' }), { code: 'HL7_EVENT_NOT_SUPPORTED', place: 'MSH-9' }],
])('%s is shown with its problem', async (_name, message, problem) => {
  await using world = await openWorld()
  await world.send(message)
  const view = await world.engine.services.decode((await world.exchanges())[0]?.id as ExchangeId)
  expect(view.problem).toMatchObject(problem)
  expect(view.problem?.todo).not.toBe('')
  expect(view.text).toContain(message.slice(0, 5))
})

test('an exchange that is not there is not found', async () => {
  await using world = await openWorld()
  await expect(world.engine.services.decode(newId<ExchangeId>())).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('every error of the table has a whole sentence, whatever was kept of it', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    for (const place of ['PID-3', null]) {
      const { says, todo } = sentenceOf(code, place)
      expect([code, says]).not.toEqual([code, expect.stringMatching(/undefined|null|NaN|\s[.,]|\s\s/)])
      expect(todo).not.toBe('')
    }
  }
})
