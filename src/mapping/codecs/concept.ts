import type { Coded } from '../../model/values.ts'
import type { Cell, PartsCodec } from '../codec.ts'
import { trimmed } from './text.ts'

/** A coded element kept with its text and system (CE, CWE): code 1, text 2 or original text 9, system 3. */
export const concept: PartsCodec<Coded> = {
  kind: 'parts',
  name: 'concept',
  read: (cell) => readConcept(cell, 1),
  write: (value) => [value.code ?? '', value.text ?? '', value.system ?? ''],
}

/** The triple that begins at component 1, or the alternate one at 4; undefined when it says nothing. */
export function readConcept(cell: Cell, first: 1 | 4): Coded | undefined {
  const code = part(cell, first)
  const text = (first === 1 && part(cell, 9)) || part(cell, first + 1)
  const system = part(cell, first + 2)
  if (code === '' && text === '') return undefined
  const value: Coded = {}
  if (code !== '') value.code = code
  if (text !== '') value.text = text
  if (system !== '') value.system = system
  return value
}

/** The text of a coded element, else its code: for fields that Practice Studio keeps as words. */
export const conceptText: PartsCodec<string> = {
  kind: 'parts',
  name: 'conceptText',
  read: (cell) => part(cell, 9) || part(cell, 2) || part(cell, 1) || undefined,
  write: (value) => ['', value],
}

/** The code of a coded element, else its text: for fields that are matched by code maps. */
export const conceptCode: PartsCodec<string> = {
  kind: 'parts',
  name: 'conceptCode',
  read: (cell) => part(cell, 1) || part(cell, 2) || undefined,
  write: (value) => [value],
}

function part(cell: Cell, component: number): string {
  const found = trimmed(cell.get(component))
  return found === '""' ? '' : found
}
