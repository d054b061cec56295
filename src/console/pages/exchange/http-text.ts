/** One half of an HTTP call as it is kept. */
export interface HttpPart {
  /** `GET https://… HTTP/1.1` or `HTTP/1.1 200 OK`. */
  line: string
  headers: (readonly [name: string, value: string])[]
  body: string
}
export interface HttpCall {
  request: HttpPart
  /** Null when no answer came. */
  response: HttpPart | null
}

const REQUEST = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+(?: HTTP\/[\d.]+)?\r?$/
// Stands where the answer would, when none came.
const NO_ANSWER = /(?:^|\r?\n)\(no answer\)\s*$/
const STATUS = /^HTTP\/[\d.]+ \d{3}\b.*$/m

function partOf(text: string): HttpPart {
  const gap = /\r?\n\r?\n/.exec(text)
  const head = gap === null ? text : text.slice(0, gap.index)
  const [line = '', ...rest] = head.split(/\r?\n/)
  return {
    line: line.trim(),
    headers: rest.flatMap((header) => {
      const colon = header.indexOf(':')
      return colon < 1 ? [] : [[header.slice(0, colon).trim(), header.slice(colon + 1).trim()] as const]
    }),
    body: gap === null ? '' : text.slice(gap.index + gap[0].length).trim(),
  }
}

/**
 * An HTTP transcript: request line, headers, empty line, body; then the answer, beginning at its status line.
 *
 * @returns null when the text is no transcript
 */
export function readCall(text: string): HttpCall | null {
  if (!REQUEST.test(text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n')))) return null
  const status = STATUS.exec(text)
  return status === null
    ? { request: partOf(text.replace(NO_ANSWER, '')), response: null }
    : { request: partOf(text.slice(0, status.index)), response: partOf(text.slice(status.index)) }
}

/** The status of an answer: 200, 422. */
export const statusOf = (part: HttpPart): number | null => {
  const found = /^HTTP\/[\d.]+ (\d{3})/.exec(part.line)
  return found === null ? null : Number(found[1])
}
