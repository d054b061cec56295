import { buildMessage } from '../../standards/hl7v2/build.ts'
import { encodeFrame } from '../../standards/mllp/bytes.ts'

/** What a load is made of: a share of result messages beside registrations and updates. */
export interface Mix {
  patients: number
  /** Share of ORU^R01 with twelve OBX, from 0 to 1; the rest is ADT^A04 and A08. */
  results: number
  /** Prefix of MSH-10, so that a second run is not a repeat. */
  run: string
}

const WARDS = ['ICU', 'MED3', 'SURG2', 'ED', 'PEDS', 'CARD', 'ONC']
const STREETS = ['MAIN ST', 'OAK AVE', 'ELM ST', 'MILL RD', 'PARK BLVD']
const CITIES = [
  ['SPRINGFIELD', 'IL', '62701'],
  ['PORTLAND', 'OR', '97201'],
  ['ERIE', 'PA', '16501'],
] as const
const FAMILY = ['NYMAN', 'GARCIA', 'SMITH', 'JOHNSON', 'NGUYEN', 'PATEL', 'KIM', 'ROSSI', 'OKAFOR']
const GIVEN = ['EVA', 'ANNA', 'MARIA', 'ADAM', 'ERIK', 'OMAR', 'PETER', 'LUCIA', 'HELEN']
const PANEL = [
  '718-7',
  '4544-3',
  '6690-2',
  '777-3',
  '2951-2',
  '2823-3',
  '2075-0',
  '2028-9',
  '3094-0',
  '2160-0',
  '2345-7',
  '17861-6',
]

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T
// Two numbers of a message that look drawn and are the same each time.
const scatter = (n: number, salt: number): number => ((n + 1) * 2654435761 + salt * 40503) >>> 0

const pad = (n: number, width: number): string => String(n).padStart(width, '0')

function timeOf(k: number): string {
  return new Date(Date.UTC(2026, 0, 5, 8) + k * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14)
}

/** Message number `k` of a load, framed. */
export function benchFrame(k: number, mix: Mix): Uint8Array {
  return encodeFrame(benchMessage(k, mix))
}

export function benchMessage(k: number, { patients, results, run }: Mix): Uint8Array {
  const n = scatter(k, 7) % patients
  const isResult = scatter(k, 3) % 1000 < results * 1000
  const event = isResult ? 'R01' : scatter(k, 11) % 5 === 0 ? 'A04' : 'A08'
  const type = isResult ? ['ORU', 'R01', 'ORU_R01'] : ['ADT', event, 'ADT_A01']
  const when = timeOf(k)
  const header = ['BENCH', 'GENHOSP', 'PRACTICESTUDIO', 'PS', when, '', type, `${run}-${k}`, 'P', '2.5.1']
  const segments = [
    { name: 'MSH', fields: header },
    ...(isResult ? [] : [{ name: 'EVN', fields: [event, when] }]),
    pid(n, k),
    ...(isResult ? [] : [nk1(n)]),
    pv1(n, k),
    ...(isResult ? order(k, when) : [insurance(n)]),
  ]
  return buildMessage(segments)
}

function pid(n: number, k: number) {
  const city = pick(CITIES, n)
  const house = scatter(k, 19) % 10 === 0 ? scatter(k, 5) % 9000 : n % 9000
  const born = `${1930 + (n % 90)}${pad(1 + (n % 12), 2)}${pad(1 + (n % 28), 2)}`
  const id = [`M${1_000_000 + n * 37}`, '', '', 'GENHOSP', 'MR']
  const name = [pick(FAMILY, n), pick(GIVEN, n >> 3), pick(['A', 'B', 'C'], n), '', '', '', 'L']
  const address = [`${house} ${pick(STREETS, n)}`, '', ...city, 'USA', 'H']
  const phone = [`(${200 + (n % 700)})${pad(200 + (n % 799), 3)}-${pad(n % 10_000, 4)}`, 'PRN', 'PH']
  const fields = [
    '1',
    '',
    id,
    '',
    name,
    '',
    born,
    pick(['F', 'M'], n),
    '',
    ['2106-3', 'White', 'HL70005'],
    address,
  ]
  return {
    name: 'PID',
    fields: [...fields, '', phone, '', 'eng', 'M', '', [`A${10_000_000 + n}`, '', '', 'GENHOSP', 'AN']],
  }
}

function pv1(n: number, k: number) {
  const moved = scatter(k, 23) % 10 < 3
  const ward = pick(WARDS, moved ? scatter(k, 29) : n)
  const doctor = ['1023', 'HOLM', 'KARIN']
  const visit = [`E${1_000_000 + n}`, '', '', 'GENHOSP', 'VN']
  const location = [ward, String(100 + (n % 400)), 'A', 'GENHOSP']
  return {
    name: 'PV1',
    fields: [
      '1',
      'I',
      location,
      '',
      '',
      '',
      doctor,
      '',
      '',
      'MED',
      '',
      '',
      '',
      '',
      '',
      '',
      doctor,
      '',
      visit,
    ],
  }
}

const nk1 = (n: number) => ({
  name: 'NK1',
  fields: ['1', [pick(FAMILY, n), pick(GIVEN, n >> 2)], ['SPO', 'Spouse', 'HL70063'], '', '(217)555-0134'],
})

const insurance = (n: number) => ({
  name: 'IN1',
  fields: [
    '1',
    ['PPO1', 'Preferred plan'],
    String(1000 + (n % 40)),
    'BLUE SHIELD EXAMPLE',
    '',
    '',
    '',
    `GRP${10_000 + (n % 900)}`,
  ],
})

function order(k: number, when: string) {
  const id = [`L${10_000_000 + k}`, 'LAB']
  const head = [
    { name: 'ORC', fields: ['RE', '', id] },
    { name: 'OBR', fields: ['1', '', id, ['24323-8', 'Comprehensive panel', 'LN'], '', '', when] },
  ]
  const lines = PANEL.map((code, n) => ({
    name: 'OBX',
    fields: [
      String(n + 1),
      'NM',
      [code, 'Analyte', 'LN'],
      '',
      String(100 + (scatter(k, n) % 90)),
      'mg/dL',
      '50-150',
      'N',
      '',
      '',
      'F',
      '',
      '',
      when,
    ],
  }))
  return [...head, ...lines]
}
