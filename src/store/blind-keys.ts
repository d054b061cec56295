import type { Identifier } from '../model/values.ts'
import type { RecordType } from '../model/fields.ts'
import type { Vault } from '../vault/vault.ts'

/** The blind names by which the database knows what it may not read. Written and looked up only through here. */

/**
 * 16 bytes: an identifier of the other side, as the link to one of our records.
 *
 * @param scope the patient, for visit and order numbers: a number that Cerner used again for somebody else must never
 *   bring two people's records together
 */
export const recordKey = (vault: Vault, record: RecordType, key: Identifier, scope = ''): Buffer =>
  vault.blind('record-key', `${record}|${key.authority.toUpperCase()}|${key.type}|${key.value}|${scope}`)

/** 8 bytes: the patient of an exchange, by the number in its PID-3, for the log and for the lane. */
export const patientKey = (vault: Vault, value: string): Buffer =>
  vault.blind('patient', value.trim().toUpperCase()).subarray(0, 8)

/** 16 bytes: an appointment's number on the other side, for look-ups that know no authority. */
export const appointmentNumberKey = (vault: Vault, value: string): Buffer =>
  vault.blind('appointment-number', value.trim().toUpperCase())

/** 16 bytes: MSH-10, so that the log is searchable by it. */
export const controlKey = (vault: Vault, controlId: string): Buffer => vault.blind('control-id', controlId)

/** 16 bytes: a resource of the other side, by type and logical id, within one connection. */
export const farKey = (vault: Vault, type: string, id: string): Buffer =>
  vault.blind('far-record', `${type}/${id}`)

/** Messages of one patient share a lane and are applied in order; lanes run beside each other. */
export const LANES = 32

export const laneOf = (key: Buffer): number => (key[0] ?? 0) % LANES
