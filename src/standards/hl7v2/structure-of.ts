// One row per structure: the events that use it. MSH-9.3 is not believed, since many senders get it wrong.
// prettier-ignore
const EVENTS: readonly (readonly [structure: string, type: string, events: string])[] = [
  ['ADT_A01', 'ADT', 'A01 A04 A08 A13'],
  ['ADT_A02', 'ADT', 'A02'],
  ['ADT_A03', 'ADT', 'A03'],
  ['ADT_A05', 'ADT', 'A05 A14 A28 A31'],
  ['ADT_A06', 'ADT', 'A06 A07'],
  ['ADT_A09', 'ADT', 'A09 A10 A11'],
  ['ADT_A12', 'ADT', 'A12'],
  ['ADT_A15', 'ADT', 'A15'],
  ['ADT_A16', 'ADT', 'A16'],
  ['ADT_A17', 'ADT', 'A17'],
  ['ADT_A18', 'ADT', 'A18'],
  ['ADT_A20', 'ADT', 'A20'],
  ['ADT_A21', 'ADT', 'A21 A22 A23 A25 A26 A27 A29 A32 A33'],
  ['ADT_A24', 'ADT', 'A24'],
  ['ADT_A30', 'ADT', 'A30 A34 A35 A36 A46 A47 A48 A49'],
  ['ADT_A37', 'ADT', 'A37'],
  ['ADT_A38', 'ADT', 'A38'],
  ['ADT_A39', 'ADT', 'A39 A40 A41 A42'],
  ['ADT_A43', 'ADT', 'A43 A44'],
  ['ADT_A45', 'ADT', 'A45'],
  ['ADT_A50', 'ADT', 'A50 A51'],
  ['ADT_A52', 'ADT', 'A52 A53 A55'],
  ['ADT_A54', 'ADT', 'A54'],
  ['ADT_A60', 'ADT', 'A60'],
  ['ADT_A61', 'ADT', 'A61 A62'],
  ['ORU_R01', 'ORU', 'R01'],
  ['ORU_R30', 'ORU', 'R30 R31 R32'],
  ['SIU_S12', 'SIU', 'S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26'],
  ['DFT_P03', 'DFT', 'P03'],
  ['DFT_P11', 'DFT', 'P11'],
  ['MDM_T01', 'MDM', 'T01 T03 T05 T07 T09 T11'],
  ['MDM_T02', 'MDM', 'T02 T04 T06 T08 T10'],
  ['ORM_O01', 'ORM', 'O01'],
  ['OML_O21', 'OML', 'O21'],
  ['VXU_V04', 'VXU', 'V04'],
]

const BY_EVENT = new Map(
  EVENTS.flatMap(([structure, type, events]) =>
    events.split(' ').map((event) => [`${type}^${event}`, structure] as const),
  ),
)

/**
 * The abstract message structure (table 0354) of a type and event.
 *
 * @returns `ACK` for every acknowledgement, null for events we do not know
 * @see HL7 2.5.1 table 0354
 */
export function structureOf(type: string, event: string): string | null {
  if (type === 'ACK' || type === 'MCF') return 'ACK'
  return BY_EVENT.get(`${type}^${event}`) ?? null
}
