import { describe, expect, test } from 'vitest'
import type { Observation } from '../model/values.ts'
import { mapLines, mshOf, PID, said, statementOf, valuesOf } from './messages.setup.ts'

const OBR =
  'OBR|1|100^GENHOSP|200^LAB|24323-8^Panel^LN|||20260310080000-0500|||||||||55^HOLM^KARIN||||||20260310090000-0500||LAB|F'
const oru = (...lines: string[]): string[] => [mshOf('ORU^R01'), PID, OBR, ...lines]
const obx = (
  type: string,
  value: string,
  rest: {
    n?: number
    code?: string
    sub?: string
    unit?: string
    range?: string
    flag?: string
    status?: string
    time?: string
  } = {},
): string =>
  `OBX|${rest.n ?? 1}|${type}|${rest.code ?? 'C1^Test^L'}|${rest.sub ?? ''}|${value}|${rest.unit ?? ''}|${rest.range ?? ''}|${rest.flag ?? ''}|||${rest.status ?? 'F'}|||${rest.time ?? ''}`
const rowsOf = (...lines: string[]): Observation[] =>
  (statementOf(said(oru(...lines)), 'report').sets['observations']?.rows ?? []) as Observation[]
const codesOf = (...lines: string[]): string[] => said(oru(...lines)).warnings.map(({ code }) => code)

describe('the report', () => {
  test('is named by the filler’s number with its authority', () => {
    expect(statementOf(said(oru()), 'report').keys).toEqual([
      { value: '200', authority: 'LAB', type: 'FILL' },
    ])
  })

  test('else by ORC-3, else by the placer’s number', () => {
    const keysOf = (...lines: string[]) => statementOf(said([mshOf('ORU^R01'), PID, ...lines]), 'report').keys
    expect(keysOf('ORC|RE|1|300^LAB', 'OBR|1|100^GENHOSP||X')).toEqual([
      { value: '300', authority: 'LAB', type: 'FILL' },
    ])
    expect(keysOf('OBR|1|100||X')).toEqual([{ value: '100', authority: 'CERNER', type: 'PLAC' }])
    expect(() => keysOf('OBR|1|||X')).toThrow('Required field OBR-3 is empty.')
  })

  test('carries code, times, category and ordering provider', () => {
    expect(valuesOf(statementOf(said(oru()), 'report'))).toEqual({
      external_id: '200',
      placer_order: '100',
      code: { code: '24323-8', text: 'Panel', system: 'LN' },
      status: 'final',
      effective_at: '2026-03-10T13:00:00.000Z',
      issued_at: '2026-03-10T14:00:00.000Z',
      category: 'LAB',
      ordering_provider: { id: '55', last_name: 'HOLM', first_name: 'KARIN' },
    })
  })

  test.each([
    ['O', 'registered'],
    ['I', 'registered'],
    ['S', 'registered'],
    ['N', 'registered'],
    ['P', 'preliminary'],
    ['M', 'preliminary'],
    ['A', 'partial'],
    ['R', 'partial'],
    ['F', 'final'],
    ['C', 'corrected'],
    ['X', 'cancelled'],
  ])('with OBR-25 %s is %s', (code, status) => {
    const lines = oru().map((line) => line.replace(/\|F$/, `|${code}`))
    expect(statementOf(said(lines), 'report').fields['status']).toEqual({ value: status, place: 'OBR-25' })
  })

  test.each(['Y', 'Z'])('with OBR-25 %s parks', (code) => {
    const lines = oru().map((line) => line.replace(/\|F$/, `|${code}`))
    expect(() => mapLines(lines)).toThrow('The code in OBR-25 is not in the code set HL70123.')
  })

  test('without OBR-25 has the status of its results', () => {
    const statusOf = (...lines: string[]) =>
      statementOf(said([mshOf('ORU^R01'), PID, 'OBR|1||200', ...lines]), 'report').fields['status']?.value
    expect(statusOf(obx('NM', '1'))).toBe('final')
    expect(statusOf(obx('NM', '1'), obx('NM', '2', { code: 'C2', status: 'P' }))).toBe('preliminary')
    expect(statusOf(obx('NM', '1', { status: 'C' }))).toBe('corrected')
    expect(statusOf()).toBe('registered')
  })

  test('stands once for each OBR, with its own ORC and results', () => {
    const message = said([
      mshOf('ORU^R01'),
      PID,
      'ORC|RE|1|301^LAB',
      'OBR|1|||A',
      obx('NM', '1'),
      'ORC|RE|2|302^LAB',
      'OBR|2|||B',
      obx('NM', '2'),
      obx('NM', '3'),
    ])
    const reports = message.statements.filter(({ record }) => record === 'report')
    expect(reports.map(({ keys, sets }) => [keys[0]?.value, sets['observations']?.rows.length])).toEqual([
      ['301', 1],
      ['302', 2],
    ])
  })

  test('takes its comments from the NTE after OBR and from order details', () => {
    const lines = oru(
      'NTE|1||Specimen|',
      'NTE|2||haemolysed',
      obx('ST', 'fasting', { code: 'PREP^Preparation^L', status: 'O' }),
      obx('NM', '5'),
      'NTE|1||on the result',
    )
    const report = statementOf(said(lines), 'report')
    expect(report.fields['notes']?.value).toBe('Specimen\nhaemolysed\nPreparation: fasting')
    expect((report.sets['observations']?.rows as Observation[]).map(({ notes }) => notes)).toEqual([
      ['on the result'],
    ])
  })

  test('without PID, or without OBR, parks', () => {
    expect(() => mapLines([mshOf('ORU^R01'), OBR])).toThrow('Required segment PID is missing.')
    expect(() => mapLines([mshOf('ORU^R01'), PID])).toThrow('Required segment OBR is missing.')
  })
})

describe('patient and visit of a result', () => {
  test('the patient is only mentioned, and nothing of it is cleared', () => {
    const lines = oru()
    lines[1] = 'PID|1||12345^^^CERNER^MRN||DOE^JOHN^""||19800515|M|||""||""'
    const patient = statementOf(said(lines), 'patient')
    expect(patient.effect).toBe('mention')
    expect(Object.values(patient.fields).some(({ value }) => value === null)).toBe(false)
    expect(Object.keys(patient.sets)).toEqual(['identifiers'])
  })

  test('the visit is mentioned when PV1-19 names it, and else not at all', () => {
    const withPv1 = (pv1: string) => {
      const lines = oru()
      lines.splice(2, 0, pv1)
      return said(lines)
    }
    const named = withPv1('PV1|1|I|||||||||||||||||V1^^^CERNER')
    expect(statementOf(named, 'encounter').effect).toBe('mention')
    const unnamed = withPv1('PV1|1|I')
    expect(unnamed.statements.map(({ record }) => record)).toEqual(['patient', 'report'])
    expect(unnamed.warnings).toEqual([])
  })
})

describe('a result', () => {
  test('is known by code, system, sub-id and its index among equals, not by OBX-1', () => {
    const rows = rowsOf(
      obx('NM', '1', { n: 9, code: '718-7^Hgb^LN' }),
      obx('NM', '2', { n: 9, code: '718-7^Hgb^LN' }),
      obx('NM', '3', { sub: 'A', code: '718-7^Hgb^LN' }),
      obx('NM', '4', { code: '718-7^Hgb^L' }),
    )
    expect(rows.map(({ key }) => key)).toEqual(['LN|718-7|', 'LN|718-7||2', 'LN|718-7|A', 'L|718-7|'])
  })

  test('keeps range, flags, time and the version’s time', () => {
    const [row] = rowsOf(
      obx('NM', '13.50', { unit: 'g/dL', range: '12-17', flag: 'H~A', time: '20260310083000-0500' }),
    )
    expect(row).toMatchObject({
      quantity: { value: '13.50', unit: 'g/dL' },
      reference_range: '12-17',
      interpretation: ['H', 'A'],
      effective_at: '2026-03-10T13:30:00.000Z',
      reported_at: '2026-03-10T14:00:00.000Z',
    })
  })

  test('without a time of its own has that of the order', () => {
    expect(rowsOf(obx('NM', '1'))[0]?.effective_at).toBe('2026-03-10T13:00:00.000Z')
  })

  test('keeps a range that stands in components', () => {
    expect(rowsOf(obx('NM', '1', { range: '^^10.0' }))[0]?.reference_range).toBe('^^10.0')
  })

  test('with an unknown flag keeps its value and leaves out the flag', () => {
    expect(rowsOf(obx('NM', '1', { flag: 'QQ' }))[0]).not.toHaveProperty('interpretation')
    expect(codesOf(obx('NM', '1', { flag: 'QQ' }))).toEqual(['CODE_NOT_IN_SET'])
  })

  test.each([
    ['P', 'preliminary'],
    ['S', 'preliminary'],
    ['R', 'preliminary'],
    ['F', 'final'],
    ['V', 'final'],
    ['U', 'final'],
    ['C', 'corrected'],
    ['A', 'amended'],
    ['B', 'amended'],
    ['D', 'entered-in-error'],
    ['W', 'entered-in-error'],
    ['X', 'cancelled'],
    ['I', 'registered'],
    ['N', 'cancelled'],
  ])('with OBX-11 %s is %s', (code, status) => {
    expect(rowsOf(obx('NM', '1', { status: code }))[0]?.status).toBe(status)
  })

  test('without OBX-11 has the status of the report', () => {
    expect(rowsOf('OBX|1|NM|C1^Test^L||1')[0]?.status).toBe('final')
  })
})

describe('values', () => {
  const valueOf = (type: string, value: string, rest = {}) => {
    const [row] = rowsOf(obx(type, value, rest))
    const { quantity, text, codes, attachment } = row ?? ({} as Observation)
    return JSON.parse(JSON.stringify({ quantity, text, codes, attachment })) as object
  }

  test.each([
    ['NM', '5.10', { quantity: { value: '5.10', unit: 'mg' } }],
    ['SN', '>^100', { quantity: { value: '100', comparator: '>', unit: 'mg' } }],
    ['SN', '^3^-^5', { text: '3-5' }],
    ['SN', '^1^:^128', { text: '1:128' }],
    ['SN', '^2^+', { text: '2+' }],
    ['ST', 'clear  yellow', { text: 'clear  yellow' }],
    ['TX', 'one~two', { text: 'one\ntwo' }],
    ['FT', 'one\\.br\\two', { text: 'one\ntwo' }],
    ['CE', 'A^Alpha^L', { codes: [{ code: 'A', text: 'Alpha', system: 'L' }], text: 'Alpha' }],
    [
      'CWE',
      'A^Alpha^L~B^Beta^L',
      {
        codes: [
          { code: 'A', text: 'Alpha', system: 'L' },
          { code: 'B', text: 'Beta', system: 'L' },
        ],
        text: 'Alpha',
      },
    ],
    ['CE', '^free words', { codes: [{ text: 'free words' }], text: 'free words' }],
    ['DT', '20260310', { text: '2026-03-10' }],
    ['TS', '20260310080000-0500', { text: '2026-03-10T13:00:00.000Z' }],
    ['TM', '0830', { text: '08:30:00' }],
    ['DR', '20260310^20260311', { text: '2026-03-10 – 2026-03-11' }],
    ['XCN', '55^HOLM^KARIN', { text: '55^HOLM^KARIN' }],
    ['', 'as text', { text: 'as text' }],
    ['NM', '', {}],
  ])('of type %s: %s', (type, sent, value) => {
    expect(valueOf(type, sent, { unit: 'mg' })).toEqual(value)
    expect(codesOf(obx(type, sent))).toEqual([])
  })

  test.each([
    ['NM', '<5', { quantity: { value: '5', comparator: '<' }, text: '<5' }],
    ['NM', '>=10', { quantity: { value: '10', comparator: '>=' }, text: '>=10' }],
    ['NM', '1,200', { text: '1,200' }],
    ['NM', 'neg', { text: 'neg' }],
    ['TS', 'yesterday', { text: 'yesterday' }],
    ['QQ', 'x', { text: 'x' }],
  ])('of type %s that do not fit are kept as text, with a warning: %s', (type, sent, value) => {
    expect(valueOf(type, sent)).toEqual(value)
    expect(codesOf(obx(type, sent))).toEqual(['HL7_VALUE_KEPT_AS_TEXT'])
  })

  test('lines of one text over several OBX are one result', () => {
    const rows = rowsOf(
      obx('TX', 'Line one', { sub: '1' }),
      'NTE|1||first',
      obx('TX', 'Line two', { sub: '1' }),
      obx('TX', 'Line three'),
      'NTE|1||last',
      obx('TX', 'Other', { sub: '2' }),
      obx('NM', '5', { sub: '2' }),
    )
    expect(rows.map(({ text, quantity }) => text ?? quantity?.value)).toEqual([
      'Line one\nLine two\nLine three',
      'Other',
      '5',
    ])
    expect(rows[0]?.notes).toEqual(['first', 'last'])
  })
})

describe('documents in results', () => {
  const base64 = (text: string): string => new TextEncoder().encode(text).toBase64()
  const PDF = base64('%PDF-1.4 synthetic document body for a test')
  const attachmentOf = (...values: string[]) =>
    rowsOf(...values.map((value, i) => obx('ED', value, { n: i + 1 })))[0]?.attachment

  test.each([
    ['in component 5', `^application^PDF^Base64^${PDF}`],
    ['with the data in component 4', `^application^PDF^${PDF}`],
    ['with type and subtype swapped, abbreviated or lower case', `^pdf^AP^base64^${PDF}`],
    ['without any label', `^^^^${PDF}`],
    ['without components', PDF],
    ['cut over repetitions', `^AP^PDF^Base64^${PDF.slice(0, 20)}~^^^^${PDF.slice(20)}`],
    ['broken into lines', `^AP^PDF^Base64^${PDF.slice(0, 20)}\\.br\\${PDF.slice(20)}`],
    ['labelled as something else', `^AP^RTF^Base64^${PDF}`],
  ])('are found %s', (_where, value) => {
    expect(attachmentOf(value)).toEqual({ media_type: 'application/pdf', size_bytes: 43, data_base64: PDF })
  })

  test('are joined when cut over several OBX', () => {
    const cut = PDF.length - 4 - (PDF.length % 4) - 8
    expect(
      attachmentOf(`^AP^PDF^Base64^${PDF.slice(0, cut)}`, `^AP^PDF^Base64^${PDF.slice(cut)}`),
    ).toMatchObject({ size_bytes: 43, data_base64: PDF })
  })

  test('stay two when each begins anew', () => {
    expect(rowsOf(obx('ED', `^AP^PDF^Base64^${PDF}`), obx('ED', `^AP^PDF^Base64^${PDF}`))).toHaveLength(2)
  })

  test('in hexadecimal or plain text are kept in base64', () => {
    expect(attachmentOf('^AP^PDF^Hex^255044462d')).toEqual({
      media_type: 'application/pdf',
      size_bytes: 5,
      data_base64: 'JVBERi0=',
    })
    expect(attachmentOf('^TEXT^TXT^A^plain words')).toEqual({
      media_type: 'text/plain',
      size_bytes: 11,
      data_base64: base64('plain words'),
    })
  })

  test('that do not decode are noted, and the results beside them still apply', () => {
    const lines = [obx('ED', '^AP^PDF^Base64^%%not base64%%'), obx('NM', '5', { code: 'C2' })]
    expect(rowsOf(...lines)).toHaveLength(2)
    expect(rowsOf(...lines)[0]?.attachment).not.toHaveProperty('data_base64')
    expect(codesOf(...lines)).toEqual(['HL7_ATTACHMENT_UNREADABLE'])
  })

  test('kept elsewhere are a pointer', () => {
    const [row] = rowsOf(obx('RP', 'https://pacs.example/7^PACS^IM^DICOM'))
    expect(row?.attachment).toEqual({
      media_type: 'application/dicom',
      size_bytes: 0,
      url: 'https://pacs.example/7',
    })
  })
})
