/**
 * One step of a table's FHIR column, a member and which of its elements is meant: `telecom[phone,home]`, `given[0]`,
 * `dosageInstruction[*]`. Without brackets the usual element of a list is meant, see choose.ts.
 */
export interface Step {
  readonly name: string
  /** Words that choose the element by what it is; null without brackets or with a number. */
  readonly words: string | null
  /** The element by number, from 0; -1 when it is not chosen by number. */
  readonly index: number
  /** `[*]`: the whole list. */
  readonly all: boolean
}

const STEP = /^(\w+)(?:\[([^\]]+)\])?$/

/** Reads a column: paths joined by ` | `, of which the first valued one counts. */
export const readPaths = (column: string): readonly (readonly Step[])[] => column.split(' | ').map(readPath)

export function readPath(path: string): readonly Step[] {
  return path.split(/\.(?![^[]*\])/).map((part): Step => {
    const found = STEP.exec(part)
    if (!found) throw new TypeError(`not a FHIR path: ${path}`)
    const [, name = '', inside] = found
    const isNumber = inside !== undefined && /^\d+$/.test(inside)
    return {
      name,
      words: inside === undefined || isNumber || inside === '*' ? null : inside,
      index: isNumber ? Number(inside) : -1,
      all: inside === '*',
    }
  })
}
