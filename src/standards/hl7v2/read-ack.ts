import { decode } from './decode.ts'
import type { Hl7Message } from './message.ts'
import { placeText } from './problem.ts'
import type { Segment } from './segment.ts'

/** A problem that the far side named: its place, its table 0357 code and its words. */
export interface AckProblem {
  readonly place: string
  readonly code: string
  readonly says: string
}

/** An acknowledgement as received. `readable` is false when there is no MSA: treat it as ambiguous. */
export interface ReadAck {
  readonly readable: boolean
  /** MSA-1, trimmed and in upper case (`AA`, `CE`…). */
  readonly code: string
  /** MSA-2. */
  readonly controlId: string
  /** MSA-3, else the first words of an ERR. */
  readonly text: string
  readonly problems: readonly AckProblem[]
}

const UNREADABLE: ReadAck = { readable: false, code: '', controlId: '', text: '', problems: [] }

/** Reads an acknowledgement of any version; of a batch reply the first. Never throws. */
export function readAck(bytes: Uint8Array): ReadAck {
  return readAcks(bytes)[0] ?? UNREADABLE
}

/** Reads all acknowledgements of a reply frame, so that a batch reply can be credited message by message. */
export function readAcks(bytes: Uint8Array): readonly ReadAck[] {
  const decoded = decode(bytes)
  switch (decoded.kind) {
    case 'message':
      return [ackOf(decoded.message)]
    case 'batch':
      return decoded.batch.messages.map(ackOf)
    case 'unreadable':
      return []
    default:
      return decoded satisfies never
  }
}

function ackOf(message: Hl7Message): ReadAck {
  const msa = message.segment('MSA')
  if (msa === undefined) return UNREADABLE
  const problems = message.all('ERR').flatMap(problemsOf)
  return {
    readable: true,
    code: msa.get(1).toUpperCase(),
    controlId: msa.get(2),
    text: msa.text(3).trim() || (problems[0]?.says ?? ''),
    problems,
  }
}

const count = (text: string): number | undefined => (/^\d{1,6}$/.test(text) ? Number(text) : undefined)

function problemsOf(err: Segment): AckProblem[] {
  return err.field(3) === '' ? olderProblems(err) : [newerProblem(err)]
}

/** ERR of 2.5 and later: ERR-2 place, ERR-3 condition, ERR-7 and ERR-8 words. */
function newerProblem(err: Segment): AckProblem {
  const part = (n: number): number | undefined => count(err.get(2, 1, n))
  const words = [err.text(7).trim(), err.text(8).trim()].filter((text) => text !== '').join(' ')
  const says = words || err.get(3, 1, 2)
  return { place: place(err.get(2), part(2), part(3), part(4), part(5), part(6)), code: err.get(3), says }
}

/** ERR-1 of 2.1 to 2.4, which repeats. */
function olderProblems(err: Segment): AckProblem[] {
  return Array.from({ length: err.repetitions(1) }, (_, i) => ({
    place: place(err.get(1, i + 1), count(err.get(1, i + 1, 2)), count(err.get(1, i + 1, 3))),
    code: err.get(1, i + 1, 4),
    says: err.get(1, i + 1, 4, 2),
  }))
}

function place(
  segment: string,
  occurrence?: number,
  field?: number,
  repetition?: number,
  component?: number,
  subcomponent?: number,
): string {
  return placeText({
    segment,
    ...(occurrence === undefined ? {} : { occurrence }),
    ...(field === undefined ? {} : { field }),
    ...(repetition === undefined ? {} : { repetition }),
    ...(component === undefined ? {} : { component }),
    ...(subcomponent === undefined ? {} : { subcomponent }),
  })
}
