import { buildMessage } from '../../src/standards/hl7v2/build.ts'
import type { SegmentInput } from '../../src/standards/hl7v2/build.ts'
import type { Secret } from './needles.ts'
import { openRandom } from './random.ts'
import type { Random } from './random.ts'

/** An invented person whose every value occurs nowhere else, so that finding one is no accident. */
export interface SecretPerson {
  readonly secrets: readonly Secret[]
  /** The messages of a day in the order in which they are sent; together they carry every secret. */
  readonly messages: readonly Uint8Array[]
  /** Messages that cannot be applied, each with the person in it. */
  readonly broken: readonly Uint8Array[]
  /** What a screen would be asked for. */
  readonly asked: { mrn: string; family: string; given: string; born: string; phone: string }
  /** A family name that only a replay brings. */
  readonly editedName: string
}

const CONSONANTS = 'bcdfghjklmnprstvwxz'
const VOWELS = 'aeiouyé'

function word(random: Random, syllables: number): string {
  const pick = (letters: string): string => letters[random.below(letters.length)] ?? 'x'
  const text = Array.from(
    { length: syllables },
    () => pick(CONSONANTS) + pick(VOWELS) + pick(CONSONANTS),
  ).join('')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, (_, n) => (n === 0 ? 1 + random.below(9) : random.below(10))).join('')
const two = (n: number): string => String(n).padStart(2, '0')
const phone = (random: Random): string =>
  `+1${2 + random.below(8)}${digits(random, 2)}${2 + random.below(8)}${digits(random, 6)}`

export function secretPeople(count: number, seed: number): SecretPerson[] {
  const random = openRandom(seed)
  return Array.from({ length: count }, (_, n) => secretPerson(n, random))
}

function secretPerson(n: number, random: Random): SecretPerson {
  const secrets: Secret[] = []
  const keep = (place: string, value: string, kind: Secret['kind'] = 'text'): string => {
    secrets.push({ name: `person ${n} ${place}`, value, kind })
    return value
  }
  const family = keep('PID-5.1', word(random, 4))
  const given = keep('PID-5.2', word(random, 3))
  const middle = keep('PID-5.3', word(random, 3))
  const born = keep(
    'PID-7',
    `${1931 + random.below(60)}-${two(1 + random.below(12))}-${two(13 + random.below(16))}`,
    'date',
  )
  const mrn = keep('PID-3', `Q${digits(random, 9)}X`)
  const account = keep('PID-18', `A${digits(random, 10)}`)
  const visit = keep('PV1-19', `V${digits(random, 10)}`)
  const ssn = keep('PID-19', digits(random, 9), 'number')
  const street = keep('PID-11.1', `${digits(random, 4)} ${word(random, 3)} Lane`)
  const home = keep('PID-13', phone(random), 'number')
  const mobile = keep('PID-13 mobile', phone(random), 'number')
  const email = keep('PID-13 email', `${word(random, 4).replaceAll('é', 'e').toLowerCase()}@example.test`)
  const kin = [keep('NK1-2.1', word(random, 4)), keep('NK1-2.2', word(random, 3))]
  const kinPhone = keep('NK1-5', phone(random), 'number')
  const member = keep('IN1-36', `M${digits(random, 11)}`)
  const diagnosis = keep('DG1-4', `${word(random, 4)} syndrome`)
  const allergy = keep('AL1-3', word(random, 4))
  const order = keep('OBR-3', `L${digits(random, 10)}`)
  const value = keep('OBX-5 NM', `${digits(random, 6)}.${digits(random, 6)}`)
  const text = keep('OBX-5 TX', `${word(random, 4)} crystals ${word(random, 3)}`)
  const note = keep('NTE-3', `${word(random, 4)} called about ${word(random, 3)}`)
  const reason = keep('SCH-7', `${word(random, 4)} follow-up`)
  const booking = keep('SCH-2', `S${digits(random, 10)}`)
  const newStreet = keep('PID-11.1 after moving', `${digits(random, 4)} ${word(random, 3)} Court`)
  const editedName = keep('PID-5.1 after an edit', word(random, 4))
  const letter = keep('OBX-5 ED', `${word(random, 4)} has a ${word(random, 4)}`)

  const e164 = (number: string): string => `(${number.slice(2, 5)})${number.slice(5, 8)}-${number.slice(8)}`
  const pid = (line1: string): SegmentInput => ({
    name: 'PID',
    fields: {
      1: '1',
      3: {
        repeat: [
          [mrn, '', '', 'GENHOSP', 'MR'],
          [ssn, '', '', 'SSA', 'SS'],
        ],
      },
      5: [family, given, middle],
      7: born.replaceAll('-', ''),
      8: 'F',
      11: [line1, '', 'Springfield', 'IL', '62701', 'USA', 'H'],
      13: {
        repeat: [
          [e164(home), 'PRN', 'PH'],
          [e164(mobile), 'PRS', 'CP'],
          ['', 'NET', 'Internet', email],
        ],
      },
      18: [account, '', '', 'GENHOSP', 'AN'],
      19: ssn,
    },
  })
  const pv1: SegmentInput = { name: 'PV1', fields: { 1: '1', 2: 'O', 19: [visit, '', '', 'GENHOSP', 'VN'] } }
  const rest: SegmentInput[] = [
    { name: 'NK1', fields: { 1: '1', 2: kin, 3: ['SPO'], 5: e164(kinPhone) } },
    pv1,
    { name: 'AL1', fields: { 1: '1', 2: 'DA', 3: ['', allergy], 4: 'SV' } },
    { name: 'DG1', fields: { 1: '1', 3: ['R69', diagnosis, 'I10'], 4: diagnosis, 6: 'A' } },
    {
      name: 'IN1',
      fields: { 1: '1', 2: ['PPO'], 3: '1', 4: 'Example Plan', 16: [family, given], 36: member },
    },
  ]
  const results: SegmentInput[] = [
    { name: 'ORC', fields: { 1: 'RE', 3: [order, 'LAB'] } },
    {
      name: 'OBR',
      fields: { 1: '1', 3: [order, 'LAB'], 4: ['24323-8', 'Panel', 'LN'], 7: '20260105080000', 25: 'F' },
    },
    { name: 'NTE', fields: { 1: '1', 3: { text: note } } },
    {
      name: 'OBX',
      fields: { 1: '1', 2: 'NM', 3: ['2345-7', 'Glucose', 'LN'], 5: value, 6: 'mg/dL', 11: 'F' },
    },
    { name: 'OBX', fields: { 1: '2', 2: 'TX', 3: ['5778-6', 'Microscopy', 'LN'], 5: { text }, 11: 'F' } },
    {
      name: 'OBX',
      fields: {
        1: '3',
        2: 'ED',
        3: ['11502-2', 'Letter', 'LN'],
        5: ['', 'text', 'plain', 'Base64', Buffer.from(letter).toString('base64')],
        11: 'F',
      },
    },
  ]
  const schedule: SegmentInput[] = [
    {
      name: 'SCH',
      fields: {
        2: [booking, 'CERNER'],
        7: ['', reason],
        11: ['', '', 'M30', '20260201090000', '20260201093000'],
        25: ['Booked'],
      },
    },
    { name: 'NTE', fields: { 1: '1', 3: { text: note } } },
    pid(street),
    { name: 'RGS', fields: { 1: '1' } },
  ]
  let sent = 0
  const message = (type: string[], segments: SegmentInput[]): Uint8Array => {
    sent += 1
    const at = `202601050800${two(sent)}`
    const header = [
      'SEND',
      'GENHOSP',
      'PS',
      'PS',
      at,
      '',
      type,
      `K${n}-${sent}`,
      'P',
      '2.5.1',
      '',
      '',
      '',
      '',
      '',
      '',
      'UNICODE UTF-8',
    ]
    return buildMessage([{ name: 'MSH', fields: header }, ...segments])
  }
  const evn: SegmentInput = { name: 'EVN', fields: { 2: '20260105080000' } }
  const registration = message(['ADT', 'A04', 'ADT_A01'], [evn, pid(street), ...rest])
  const messages = [
    registration,
    message(
      ['ADT', 'A08', 'ADT_A01'],
      [{ name: 'EVN', fields: { 2: '20260105090000' } }, pid(newStreet), ...rest],
    ),
    message(['ORU', 'R01', 'ORU_R01'], [pid(newStreet), pv1, ...results]),
    message(['SIU', 'S12', 'SIU_S12'], schedule),
    // The same bytes again: a repeat.
    registration,
  ]
  const lines = Buffer.from(registration).toString('utf8')
  const bytes = (broken: string): Uint8Array => Buffer.from(broken, 'utf8')
  const broken = [
    message(['ADT', 'A99', ''], [evn, pid(street), ...rest]),
    message(['ORU', 'R01', 'ORU_R01'], [pid(street)]),
    // No identifier, and one field to the left: what belongs in PID stands in the header.
    bytes(lines.replace(/PID\|1\|\|[^|]*/, 'PID|1||').replace('|K', '|B')),
    bytes(lines.replace('ADT^A04^ADT_A01', `${family}^${given}`)),
    bytes(lines.replace('|2.5.1|', `|${family}|`)),
    bytes(lines.replace('|P|2.5.1', `|${born.replaceAll('-', '')}|2.5.1`)),
    bytes(lines.replace('UNICODE UTF-8', family)),
    bytes(lines.replace('GENHOSP|PS', `${family}|PS`).replace('|K', '|C')),
    bytes(lines.replace(/^MSH[^\r]*\r/, '')),
    bytes(lines.replace('|^~\\&|', '|^^^^|')),
    bytes(`${family} ${given} ${born}`),
    bytes(lines.replaceAll('\r', ' ')),
    bytes(
      lines
        .replace('PID|1', `${family.slice(0, 3).toUpperCase()}|${family}|${given}\rPID|1`)
        .replace('|K', '|D'),
    ),
    bytes(lines.replace('PV1|1|O', `PV1|1|${family}`).replace('|K', '|E')),
    bytes(lines.replace('||F||', `||${given}||`).replace('|K', '|F')),
    bytes(
      `BHS|^~\\&|${family}|${given}|PS|PS|20260105||${mrn}||${account}\r${lines.replace('|K', '|G')}BTS|${family}\r`,
    ),
  ]
  const asked = { mrn, family, given, born, phone: home }
  return { secrets, messages, broken, asked, editedName }
}
