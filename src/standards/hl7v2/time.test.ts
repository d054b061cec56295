import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { offsetOf, readDate, readTime, writeDate, writeTime } from './time.ts'

const chicago = { zone: 'America/Chicago' }

describe('instants', () => {
  test.each([
    ['20220315142658', '2022-03-15T19:26:58.000Z', 'second'],
    ['202203151426', '2022-03-15T19:26:00.000Z', 'minute'],
    ['2022031514', '2022-03-15T19:00:00.000Z', 'hour'],
    ['20220315142658.1234-0500', '2022-03-15T19:26:58.123Z', 'fraction'],
    ['20220115142658', '2022-01-15T20:26:58.000Z', 'second'],
    ['20220315142658+0000', '2022-03-15T14:26:58.000Z', 'second'],
  ])('%s in Chicago is %s', (raw, instant, precision) => {
    expect(readTime(raw, chicago)).toMatchObject({ kind: 'instant', instant, precision })
  })

  test('the offset of the value comes before that of MSH-7, and that before the zone', () => {
    const zones = { ...chicago, messageOffset: '+0200' }
    expect(readTime('20220315120000-0700', zones)).toMatchObject({
      instant: '2022-03-15T19:00:00.000Z',
      offset: '-0700',
    })
    expect(readTime('20220315120000', zones)).toMatchObject({
      instant: '2022-03-15T10:00:00.000Z',
      offset: '+0200',
    })
    expect(readTime('20220315120000', chicago)).not.toHaveProperty('offset')
    expect(offsetOf('20220315120000-0700')).toBe('-0700')
    expect(offsetOf('20220315120000')).toBeUndefined()
  })

  test.each([
    ['20220313023000', '2022-03-13T08:30:00.000Z', 'gap'],
    ['20220313013000', '2022-03-13T07:30:00.000Z', undefined],
    ['20220313033000', '2022-03-13T08:30:00.000Z', undefined],
    ['20221106013000', '2022-11-06T06:30:00.000Z', 'overlap'],
    ['20221106003000', '2022-11-06T05:30:00.000Z', undefined],
    ['20221106023000', '2022-11-06T08:30:00.000Z', undefined],
    ['20220315240000', '2022-03-16T05:00:00.000Z', 'midnight'],
    ['20220315235960', '2022-03-16T04:59:59.000Z', 'leap-second'],
    ['2022-03-15T14:26:58Z', '2022-03-15T14:26:58.000Z', 'format'],
    ['20220315T142658', '2022-03-15T19:26:58.000Z', 'format'],
    ['20220315142658-05', '2022-03-15T19:26:58.000Z', 'format'],
    ['20220315142658+05:30', '2022-03-15T08:56:58.000Z', 'format'],
    ['20220315142658.123456', '2022-03-15T19:26:58.123Z', 'format'],
  ])('%s is %s, noted as %s', (raw, instant, note) => {
    const time = readTime(raw, chicago)
    expect(time).toMatchObject({ kind: 'instant', instant })
    expect(time.kind === 'instant' && time.note).toBe(note)
  })

  test.each([
    '00000000',
    '00000000000000',
    'Aug 15, 1942',
    '20220230',
    '20221315',
    '2022031514265',
    '202203152560',
    '20220315246000',
    '2022031514-9900',
    'X',
  ])('%s is no time', (raw) => {
    expect(readTime(raw, chicago)).toEqual({ kind: 'invalid' })
  })

  test('nothing and "" are no time either, and no fault', () => {
    expect(readTime('', chicago)).toEqual({ kind: 'none' })
    expect(readTime('""', chicago)).toEqual({ kind: 'none' })
  })

  test('an unknown zone is a fault of the settings', () => {
    expect(() => readTime('20220315142658', { zone: 'Mars/Olympus' })).toThrow(RangeError)
  })

  test('agree with Temporal for any local time in any zone', () => {
    const zones = [
      'America/Chicago',
      'America/New_York',
      'Europe/London',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'America/Phoenix',
      'Africa/Casablanca',
      'UTC',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2050, 0) }),
        (zone, ms) => {
          const local = Temporal.Instant.fromEpochMilliseconds(ms)
            .toZonedDateTimeISO('UTC')
            .toPlainDateTime()
            .round('second')
          const expected = local.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
          const raw = local.toString().replace(/[-:T]/g, '').padEnd(14, '0')
          const time = readTime(raw, { zone })
          expect(time.kind === 'instant' && Date.parse(time.instant)).toBe(expected)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('dates', () => {
  test.each([
    ['19800515', '1980-05-15'],
    ['198005', '1980-05'],
    ['1980', '1980'],
  ])('%s stays the calendar date %s', (raw, date) => {
    expect(readTime(raw, chicago)).toEqual({ kind: 'date', date })
    expect(readDate(raw)).toBe(date)
    expect(writeDate(date)).toBe(raw)
  })

  test('a birth date with a time is cut, not converted', () => {
    expect(readDate('20050715050000')).toBe('2005-07-15')
    expect(readDate('20050715233000-1200')).toBe('2005-07-15')
    expect(readDate('2005-07-15T05:00:00Z')).toBe('2005-07-15')
  })

  test.each(['', '""', '00000000', 'Aug 15, 1942', '19801345', '198'])('%j is no date', (raw) => {
    expect(readDate(raw)).toBeNull()
  })
})

describe('writing', () => {
  test('times carry the offset in force', () => {
    expect(writeTime('2022-03-15T19:26:58.500Z', 'America/Chicago')).toBe('20220315142658-0500')
    expect(writeTime('2022-01-15T20:26:58Z', 'America/Chicago')).toBe('20220115142658-0600')
    expect(writeTime(0, 'Asia/Kolkata')).toBe('19700101053000+0530')
  })

  test('what was written is read as the same second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000 }),
        fc.constantFrom('America/Chicago', 'Europe/London', 'Asia/Kolkata'),
        (s, zone) => {
          const time = readTime(writeTime(s * 1000, zone), { zone: 'UTC' })
          expect(time.kind === 'instant' && Date.parse(time.instant)).toBe(s * 1000)
        },
      ),
    )
  })
})
