import { expect, test } from 'vitest'
import { openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { rowsOf, valueOf } from '../model/document.ts'
import { verifyAudit } from '../store/audit.ts'
import { adt, effectOf, Flows, siu, statesOf } from './engine.world.ts'

/** Stores messages first and then applies them, so that they share one batch. */
async function applyTogether(world: World, ...messages: string[]): Promise<void> {
  await world.send(...messages)
  await using flows = new Flows(world)
  flows.start()
  await world.settled()
  expect(flows.problems).toEqual([])
}
const outcomes = async (world: World) =>
  (await world.exchanges()).map(({ state, error_code, error_place }) => [state, error_code, error_place])
const applied = ['applied', null, null]
const openQuiet = (): Promise<World> => openWorld({}, { flows: false })

test('two messages of one new patient in one batch make one patient, who says what the later one says', async () => {
  await using world = await openQuiet()
  await applyTogether(
    world,
    adt({ mrn: 'A', family: 'MAIDEN' }),
    adt({ mrn: 'A', family: 'MARRIED', at: '20260105080001-0600' }),
  )
  const [patient, ...others] = await world.records('patient')
  expect(others).toEqual([])
  expect(patient && valueOf(patient.document, 'last_name')).toBe('MARRIED')
  expect(patient?.version).toBe(1)
})

test('identifiers that point at two patients park that message alone', async () => {
  await using world = await openQuiet()
  const both = 'A^^^HOSP^MR~B^^^HOSP^MR'
  await applyTogether(
    world,
    adt({ mrn: 'A' }),
    adt({ mrn: 'B' }),
    adt({ mrn: both, family: 'MIXED' }),
    adt({ mrn: 'C' }),
  )
  expect(await outcomes(world)).toEqual([
    applied,
    applied,
    ['parked', 'HL7_IDENTIFIER_CONFLICT', 'PID-3'],
    applied,
  ])
  const families = (await world.records('patient')).map((one) => valueOf(one.document, 'last_name'))
  expect(families).toEqual(['ROE', 'ROE', 'ROE'])
})

test('a second number brought by one message names the patient and the visit in the next one of the batch', async () => {
  await using world = await openQuiet()
  await applyTogether(world, adt({ mrn: 'A', visit: 'V1', event: 'A01' }))
  await applyTogether(
    world,
    adt({ mrn: 'A^^^HOSP^MR~E^^^EMPI^PI' }),
    adt({ mrn: 'E^^^EMPI^PI', visit: 'V1', event: 'A03', at: '20260106080000-0600' }),
  )
  expect(await outcomes(world)).toEqual([applied, applied, applied])
  expect(await world.records('patient')).toHaveLength(1)
  const [visit, ...others] = await world.records('encounter')
  expect(others).toEqual([])
  expect(visit?.status).toBe('finished')
})

test('a visit number used again for another patient is another visit', async () => {
  await using world = await openQuiet()
  const visit = { visit: 'V1', event: 'A01' }
  await applyTogether(
    world,
    adt({ mrn: 'A', ...visit }),
    adt({ mrn: 'B', ...visit }),
    adt({ mrn: 'A', ...visit, event: 'A03' }),
  )
  const visits = await world.records('encounter')
  expect(visits).toHaveLength(2)
  expect(new Set(visits.map((one) => one.patient_id)).size).toBe(2)
  expect(visits.map((one) => one.status).sort()).toEqual(['finished', 'in-progress'])
})

test('an appointment without a patient parks unless it is known', async () => {
  await using world = await openQuiet()
  await applyTogether(world, siu({ number: 'S1' }), siu({ number: 'S2', mrn: 'A' }))
  await applyTogether(
    world,
    siu({ number: 'S2', event: 'S13', at: '20260105090000', start: '20260111100000' }),
  )
  expect(await outcomes(world)).toEqual([['parked', 'HL7_REQUIRED_SEGMENT_MISSING', 'PID'], applied, applied])
  const [appointment, ...others] = await world.records('appointment')
  expect(others).toEqual([])
  expect(appointment && valueOf(appointment.document, 'start_time')).toBe('2026-01-11T16:00:00.000Z')
  expect(appointment?.patient_id).toBe((await world.records('patient'))[0]?.id)
})

test('a cancellation of an appointment nobody knows keeps a stub, which a late booking does not revive', async () => {
  await using world = await openQuiet()
  await applyTogether(world, siu({ number: 'S1', event: 'S15', at: '20260105100000' }))
  await applyTogether(world, siu({ number: 'S1', mrn: 'A', at: '20260105090000' }))
  expect(await outcomes(world)).toEqual([applied, applied])
  const [appointment, ...others] = await world.records('appointment')
  expect(others).toEqual([])
  expect(appointment?.status).toBe('cancelled')
  expect(appointment?.patient_id).toBe((await world.records('patient'))[0]?.id)
})

test('an appointment that is known for one patient and told for another parks', async () => {
  await using world = await openQuiet()
  await applyTogether(world, siu({ number: 'S1', mrn: 'A' }))
  await applyTogether(world, siu({ number: 'S1', mrn: 'B', event: 'S13', at: '20260105090000' }))
  expect(await outcomes(world)).toEqual([applied, ['parked', 'HL7_IDENTIFIER_CONFLICT', 'SCH-2']])
  expect(await world.records('patient')).toHaveLength(1)
})

test('search tokens are made anew only when something searched for changes', async () => {
  await using world = await openQuiet()
  const tokens = async () =>
    (
      await world.store.database.query<{ tokens: string[]; version: number }>(
        'select tokens::text[], version from patient',
      )
    ).rows[0]
  await applyTogether(world, adt({ mrn: 'A', family: 'ROE' }))
  const first = await tokens()
  await world.store.asOwner(`update patient set tokens = '{42}'`)
  await applyTogether(world, adt({ mrn: 'A', family: 'ROE', at: '20260106080000-0600', pid: { 16: 'M' } }))
  expect(await tokens()).toEqual({ tokens: ['42'], version: 2 })
  await applyTogether(world, adt({ mrn: 'A', family: 'DOE', at: '20260107080000-0600' }))
  const last = await tokens()
  expect(last?.version).toBe(3)
  expect(last?.tokens).not.toContain('42')
  expect(last?.tokens).not.toEqual(first?.tokens)
})

test('history, versions and outcomes say the same', async () => {
  await using world = await openQuiet()
  await applyTogether(world, adt({ mrn: 'A', visit: 'V1', event: 'A01' }))
  const later = { mrn: 'A', visit: 'V1', event: 'A08' }
  await applyTogether(
    world,
    adt({ ...later, family: 'DOE', at: '20260106080000-0600' }),
    adt({ ...later, family: 'POE', at: '20260107080000-0600' }),
  )
  // Old news changes nothing, and so leaves no trace in the history.
  await applyTogether(world, adt({ ...later, family: 'OLD', at: '20250101080000-0600' }))
  const [patient] = await world.records('patient')
  const [visit] = await world.records('encounter')
  const all = await world.exchanges()
  for (const one of all) expect(one.records).toEqual([`patient/${patient?.id}`, `encounter/${visit?.id}`])
  const { rows } = await world.store.database.query<{ exchange_id: string; version: number }>(
    'select exchange_id, version from record_change where record_id = $1 order by exchange_id',
    [patient?.id],
  )
  expect(rows).toEqual(all.slice(0, 3).map(({ id }, n) => ({ exchange_id: id, version: n === 0 ? 1 : 2 })))
  expect(patient?.version).toBe(2)
  const effects = await Promise.all(all.map(({ id }) => effectOf(world, id)))
  const names = effects.map((effect) => effect?.changes.find((one) => one.field === 'last_name'))
  expect(names.map((one) => [one?.before, one?.after, one?.outcome])).toEqual([
    [null, 'ROE', 'changed'],
    ['ROE', 'DOE', 'changed'],
    ['DOE', 'POE', 'changed'],
    ['POE', 'OLD', 'older'],
  ])
})

test('identifiers grow, and neither names nor numbers stand readable in the database', async () => {
  await using world = await openQuiet()
  await applyTogether(
    world,
    adt({ mrn: 'MRN4711', family: 'UNMISTAKABLE' }),
    adt({ mrn: 'MRN4711^^^HOSP^MR~EMP99^^^EMPI^PI' }),
  )
  const [patient] = await world.records('patient')
  expect(patient && rowsOf(patient.document, 'identifiers')).toHaveLength(2)
  const tables = await world.store.asOwner<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  )
  for (const { name } of tables) {
    const found = await world.store.asOwner(
      `select 1 from ${name} t where encode(convert_to(t::text, 'UTF8'), 'escape') ~* 'UNMISTAKABLE|MRN4711|EMP99|19800515'`,
    )
    expect([name, found]).toEqual([name, []])
  }
})

test('the audit trail has one true line for each commit', async () => {
  await using world = await openQuiet()
  await applyTogether(world, adt({ mrn: 'A' }), siu({ number: 'S1' }), adt({ event: 'A99' }))
  expect(await statesOf(world)).toEqual(['applied', 'parked', 'ignored'])
  const { rows } = await world.store.database.query<{ detail: object }>(
    `select detail from audit where action = 'exchange.apply'`,
  )
  expect(rows.map((row) => row.detail)).toMatchObject([{ applied: 1, parked: 1, ignored: 1, records: 1 }])
  expect(await verifyAudit(world.store.database)).toMatchObject({ ok: true })
})
