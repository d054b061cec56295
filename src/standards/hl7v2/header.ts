import type { Segment } from './segment.ts'
import { structureOf } from './structure-of.ts'

/** MSH as a whole. Applications and facilities are whole raw fields with all their HD components. */
export interface Header {
  readonly sendingApplication: string
  readonly sendingFacility: string
  readonly receivingApplication: string
  readonly receivingFacility: string
  /** MSH-7 as sent. */
  readonly timestamp: string
  /** MSH-9.1, upper case. */
  readonly type: string
  /** MSH-9.2, upper case; EVN-1 when it is empty. */
  readonly event: string
  /** Derived from type and event, because MSH-9.3 is often wrong; MSH-9.3 for events we do not know. */
  readonly structure: string
  readonly controlId: string
  /** MSH-11.1, upper case. */
  readonly processingId: string
  /** MSH-12.1, else the connection's default, else empty. */
  readonly version: string
  readonly acceptAck: string
  readonly applicationAck: string
  readonly characterSet: string
  readonly sequence: string
}

/** Reads the header of a message from its MSH; `evn` serves for MSH-9.2 when that is empty. */
export function readHeader(msh: Segment, evn: Segment | undefined, defaultVersion: string): Header {
  const type = msh.get(9).toUpperCase()
  const event = (msh.get(9, 1, 2) || (evn?.get(1) ?? '')).toUpperCase()
  return {
    sendingApplication: msh.field(3),
    sendingFacility: msh.field(4),
    receivingApplication: msh.field(5),
    receivingFacility: msh.field(6),
    timestamp: msh.get(7),
    type,
    event,
    structure: structureOf(type, event) ?? msh.get(9, 1, 3).toUpperCase(),
    controlId: msh.get(10),
    processingId: msh.get(11).toUpperCase(),
    version: msh.get(12) || defaultVersion,
    acceptAck: msh.get(15).toUpperCase(),
    applicationAck: msh.get(16).toUpperCase(),
    characterSet: msh.get(18),
    sequence: msh.get(13),
  }
}
