import { describe, expect, test } from 'vitest'
import type { CodeSet } from '../code-set.ts'
import { addressUse } from './address-use.ts'
import { administrativeSex } from './administrative-sex.ts'
import { appointmentStatus } from './appointment-status.ts'
import { ethnicity } from './ethnicity.ts'
import { identifierType } from './identifier-type.ts'
import { interpretation } from './interpretation.ts'
import { language } from './language.ts'
import { maritalStatus } from './marital-status.ts'
import { observationStatus } from './observation-status.ts'
import { race } from './race.ts'
import { relationship } from './relationship.ts'
import { reportStatus } from './report-status.ts'
import { subscriberRelationship } from './subscriber-relationship.ts'
import { telecomEquipment, telecomUse } from './telecom-use.ts'
import { visitClass } from './visit-class.ts'

// prettier-ignore
const SETS: CodeSet[] = [
  addressUse, administrativeSex, appointmentStatus, ethnicity, identifierType, interpretation, language,
  maritalStatus, observationStatus, race, relationship, reportStatus, subscriberRelationship, telecomEquipment,
  telecomUse, visitClass,
] as CodeSet[]

describe.each(SETS.map((set) => ({ name: set.name, set })))('code set $name', ({ set }) => {
  test('names its HL7 table and its FHIR system', () => {
    expect(set.systems.v2).toMatch(/^(HL7\d{4}|ISO639-2)$/)
    expect(set.systems.fhir).not.toBe('')
  })

  test('gives back each of its codes after writing it for HL7 or FHIR', () => {
    for (const [studio, v2, fhir] of set.rows) {
      expect(set.read(set.write(studio, 'v2') ?? '', 'v2')).toBe(studio)
      for (const code of v2) expect(set.read(code.toLowerCase(), 'v2')).toBe(studio)
      if (fhir !== null) expect(set.read(fhir, 'fhir')).toBe(studio)
      expect(set.write(studio, 'fhir')).toBe(fhir ?? undefined)
      expect(set.display(studio)).not.toBe('')
    }
  })

  test('holds no code twice in one system', () => {
    const v2 = set.rows.flatMap((row) => row[1].map((code) => code.toUpperCase()))
    const fhir = set.rows.flatMap((row) => (row[2] === null ? [] : [row[2]]))
    expect(new Set(v2).size).toBe(v2.length)
    expect(new Set(fhir).size).toBe(fhir.length)
  })
})

test.each([
  [administrativeSex, 'A', 'O'],
  [administrativeSex, 'N', 'O'],
  [visitClass, 'E', 'EMER'],
  [visitClass, 'I', 'IMP'],
  [visitClass, 'O', 'AMB'],
  [visitClass, 'P', 'PRENC'],
  [maritalStatus, 'A', 'L'],
  [maritalStatus, 'G', 'T'],
  [maritalStatus, 'P', 'T'],
  [maritalStatus, 'R', 'T'],
  [relationship, 'SPO', 'SPS'],
  [relationship, 'CHD', 'CHILD'],
  [relationship, 'EMC', 'C'],
  [ethnicity, 'H', '2135-2'],
  [ethnicity, 'N', '2186-5'],
  [appointmentStatus, 'Started', 'checked-in'],
  [appointmentStatus, 'Complete', 'fulfilled'],
  [appointmentStatus, 'Deleted', 'entered-in-error'],
  [appointmentStatus, 'Dc', 'cancelled'],
  [appointmentStatus, 'Overbook', 'booked'],
  [appointmentStatus, 'Noshow', 'noshow'],
  [reportStatus, 'M', 'preliminary'],
  [reportStatus, 'R', 'partial'],
  [reportStatus, 'N', 'registered'],
  [observationStatus, 'V', 'final'],
  [observationStatus, 'B', 'amended'],
  [observationStatus, 'W', 'entered-in-error'],
  [subscriberRelationship, '18', 'self'],
  [subscriberRelationship, 'SELF', 'self'],
  [subscriberRelationship, 'SEL', 'self'],
] as [CodeSet, string, string][])('%#: %s', (set, code, studio) => {
  expect(set.read(code, 'v2')).toBe(studio)
})
