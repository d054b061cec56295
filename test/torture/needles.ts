/** A value that must not be readable anywhere, and what it is. */
export interface Secret {
  /** `patient 3 PID-7`: what a finding is told by, so that the report itself shows no value. */
  name: string
  value: string
  kind: 'text' | 'date' | 'number'
}

/** A form of a secret, as bytes to look for. */
export interface Needle {
  secret: string
  /** `digits only, base64`… */
  form: string
  bytes: Buffer
  /** Digits alone: in a dump written in hexadecimal they count only where no hexadecimal digit stands beside them. */
  isNumber: boolean
}

// Shorter ones occur by chance in a few hundred megabytes.
const SHORTEST = 7

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** How people and programs write a date of birth given as `YYYY-MM-DD`. */
function datesOf(value: string): [form: string, text: string][] {
  const [year = '', month = '', day = ''] = value.split('-')
  const [m, d] = [String(Number(month)), String(Number(day))]
  const name = MONTHS[Number(month) - 1] ?? ''
  return [
    ['YYYY-MM-DD', value],
    ['YYYYMMDD', `${year}${month}${day}`],
    ['MM/DD/YYYY', `${month}/${day}/${year}`],
    ['M/D/YYYY', `${m}/${d}/${year}`],
    ['DD.MM.YYYY', `${day}.${month}.${year}`],
    ['DD/MM/YYYY', `${day}/${month}/${year}`],
    ['MM-DD-YYYY', `${month}-${day}-${year}`],
    ['MMDDYYYY', `${month}${day}${year}`],
    ['DD-MON-YYYY', `${day}-${name.toUpperCase()}-${year}`],
    ['Mon D, YYYY', `${name} ${d}, ${year}`],
  ]
}

/** How numbers of people and telephones are written: as given, and digits only with and without the country. */
function numbersOf(value: string): [form: string, text: string][] {
  const digits = value.replace(/\D/g, '')
  const local = digits.length === 11 ? digits.slice(1) : digits
  const [a, b, c] = [local.slice(0, 3), local.slice(3, 6), local.slice(6)]
  const phones: [string, string][] =
    local.length === 10
      ? [
          ['(area) number', `(${a}) ${b}-${c}`],
          ['(area)number', `(${a})${b}-${c}`],
          ['dashed', `${a}-${b}-${c}`],
          ['dotted', `${a}.${b}.${c}`],
          ['without area', `${b}-${c}`],
        ]
      : []
  const dashed: [string, string][] =
    digits.length === 9 ? [['dashed', `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`]] : []
  return [['as sent', value], ['digits only', digits], ['local digits', local], ...phones, ...dashed]
}

function textsOf(value: string): [form: string, text: string][] {
  const title = value.toLowerCase().replace(/\b\p{L}/gu, (letter) => letter.toUpperCase())
  return [
    ['as sent', value],
    ['upper case', value.toUpperCase()],
    ['lower case', value.toLowerCase()],
    ['title case', title],
  ]
}

/** The parts of a base64 text that a value gives whatever stands before and after it. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')

function encodingsOf(text: string): [form: string, bytes: Buffer][] {
  const utf8 = Buffer.from(text, 'utf8')
  const utf16 = Buffer.from(text, 'utf16le')
  const base64 = base64Of(utf8).flatMap((part) => [part, part.replaceAll('+', '-').replaceAll('/', '_')])
  const json = JSON.stringify(text).slice(1, -1)
  const escaped = json.replace(
    /[^\x20-\x7e]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [
    ['utf-8', utf8],
    ['latin-1', Buffer.from(text, 'latin1')],
    ['utf-16le', utf16],
    ['utf-16be', Buffer.from(utf16).swap16()],
    ['hex', ascii(utf8.toString('hex'))],
    ['HEX', ascii(utf8.toString('hex').toUpperCase())],
    ['hex of utf-16', ascii(utf16.toString('hex'))],
    ['url', ascii(encodeURIComponent(text))],
    ['form', ascii(encodeURIComponent(text).replaceAll('%20', '+'))],
    ['json', ascii(json)],
    ['json, escaped', ascii(escaped)],
    ...base64.map((part): [string, Buffer] => ['base64', ascii(part)]),
  ]
}

/** Every form of every secret, each once. */
export function needlesOf(secrets: readonly Secret[]): Needle[] {
  const needles = new Map<string, Needle>()
  for (const { name, value, kind } of secrets) {
    const forms = kind === 'date' ? datesOf(value) : kind === 'number' ? numbersOf(value) : textsOf(value)
    for (const [form, text] of forms) {
      for (const [encoding, bytes] of encodingsOf(text)) {
        const key = bytes.toString('latin1')
        if (bytes.length < SHORTEST || needles.has(key)) continue
        needles.set(key, { secret: name, form: `${form}, ${encoding}`, bytes, isNumber: /^\d+$/.test(key) })
      }
    }
  }
  return [...needles.values()]
}

export interface Finding {
  secret: string
  form: string
  /** File or table. */
  where: string
  offset: number
}

/** Looks for many needles in one pass. */
export class Haystack {
  readonly #flags = new Uint8Array(1 << 24)
  readonly #byStart = new Map<number, Needle[]>()
  /** Bytes looked at so far. */
  searched = 0

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const start = startAt(needle.bytes, 0)
      this.#flags[start] = 1
      const list = this.#byStart.get(start)
      if (list) list.push(needle)
      else this.#byStart.set(start, [needle])
    }
  }

  /** @param isHexText true where binary columns are written in hexadecimal digits */
  search(bytes: Buffer, where: string, isHexText = false): Finding[] {
    this.searched += bytes.length
    const findings: Finding[] = []
    const flags = this.#flags
    let window = bytes.length < 3 ? 0 : startAt(bytes, 0)
    for (let at = 0; at + 2 < bytes.length; at++) {
      if (flags[window] === 1) this.#compare(bytes, at, window, where, isHexText, findings)
      window = ((window << 8) | (bytes[at + 3] ?? 0)) & 0xffffff
    }
    return findings
  }

  #compare(
    bytes: Buffer,
    at: number,
    start: number,
    where: string,
    isHexText: boolean,
    findings: Finding[],
  ): void {
    for (const needle of this.#byStart.get(start) ?? []) {
      const end = at + needle.bytes.length
      if (end > bytes.length || needle.bytes.compare(bytes, at, end) !== 0) continue
      if (isHexText && needle.isNumber && (isHexDigit(bytes[at - 1]) || isHexDigit(bytes[end]))) continue
      findings.push({ secret: needle.secret, form: needle.form, where, offset: at })
    }
  }
}

const startAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)

const isHexDigit = (byte: number | undefined): boolean =>
  byte !== undefined && /[0-9a-f]/.test(String.fromCharCode(byte))
