import type { CernerRoad, Read } from '../../connectors/cerner/port.ts'
import type { PatientCandidate } from '../../contract/outbound.ts'
import type { PatientSummary } from '../../contract/patients.ts'
import { FHIR_ID } from '../../mapping/fhir/settings.ts'
import type { Statement } from '../../model/statement.ts'
import { listPatients } from '../../store/read-patients.ts'
import { findKeys } from '../../store/write-records.ts'
import type { RunningCerner } from '../connection.ts'
import { blindKeys } from '../match.ts'
import { newsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'

/** What people are told apart by before somebody is registered. */
export interface Sought {
  last_name: string
  date_of_birth: string
}

const MOST = 50

/**
 * People at Cerner and here who may be the same: of one family name and date of birth. Given names are left to the
 * reader, since one person is Bob here and Robert there.
 *
 * @throws what the road throws: nobody is registered where Cerner could not be asked
 */
export async function findCandidates(
  parts: OutboundParts,
  connection: RunningCerner,
  road: CernerRoad,
  { last_name: name, date_of_birth: born }: Sought,
): Promise<PatientCandidate[]> {
  const reads = await road.searchPersons({ family: name, birthdate: born })
  const theirs = (
    await Promise.all(reads.slice(0, MOST).map((read) => farCandidate(parts, connection, read)))
  ).flatMap((one) => one ?? [])
  const here = await listPatients(parts, { name, date_of_birth: born, limit: MOST })
  const known = new Set(theirs.map(({ patient_id: id }) => id))
  return [...theirs, ...here.items.filter((one) => !known.has(one.id) && mayBeOne(one)).map(ownCandidate)]
}

/** A registration that was taken back leaves a record that no other system knows: it stands in nobody's way. */
const mayBeOne = ({ active, mrn, external_id: number }: PatientSummary): boolean =>
  active || mrn !== null || number !== null

const ownCandidate = (one: PatientSummary): PatientCandidate => ({
  patient_id: one.id,
  cerner_id: null,
  last_name: one.last_name,
  first_name: one.first_name,
  middle_name: one.middle_name,
  date_of_birth: one.date_of_birth,
  gender: one.gender,
  mrn: one.mrn,
})

async function farCandidate(
  { database, vault, clock }: OutboundParts,
  connection: RunningCerner,
  read: Read,
): Promise<PatientCandidate | null> {
  const { statements } = newsOf(connection, read, new Date(clock.now()).toISOString())
  const said = statements.find(({ record }) => record === 'patient')
  if (!said) return null
  const logical = said.keys.filter(({ type }) => type === FHIR_ID)
  const known = await findKeys(database, blindKeys(vault, 'patient', logical, ''))
  return {
    patient_id: [...known.values()][0] ?? null,
    cerner_id: read.resource.id ?? null,
    last_name: textIn(said, 'last_name'),
    first_name: textIn(said, 'first_name'),
    middle_name: textIn(said, 'middle_name'),
    date_of_birth: textIn(said, 'date_of_birth'),
    gender: textIn(said, 'gender'),
    mrn: said.keys.find(({ type }) => type === 'MR')?.value ?? null,
  }
}

function textIn({ fields }: Statement, field: string): string | null {
  const value = fields[field]?.value
  return typeof value === 'string' ? value : null
}
