import type { ConnectionId } from '../../kernel/ids.ts'
import type { Coded } from '../../model/values.ts'
import type { Database } from '../../store/database.ts'
import { putFact, readFact } from '../../store/facts.ts'
import type { RunningCerner } from '../connection.ts'

/** Appointment types by `system|code`, with their names. */
type Types = Record<string, string>

const FACT = 'appointment_types'
// Code set 14249 holds the appointment types of a site (cerner-fhir-r4.md §1.6).
const TYPE =
  /"system"\s*:\s*"(https:\/\/fhir\.[^"]*\/codeSet\/14249)"\s*,\s*"code"\s*:\s*"([^"]+)"\s*,\s*"display"\s*:\s*"([^"]+)"/g

/** Notes the appointment types that a resource names. */
export function noteTypes(text: string, seen: Map<string, string>): void {
  for (const [, system = '', code = '', display = ''] of text.matchAll(TYPE))
    seen.set(`${system}|${code}`, display)
}

/** Adds what was seen to what is known: Cerner has no list of what can be booked, so appointments teach it. */
export async function rememberTypes(
  database: Database,
  id: ConnectionId,
  seen: ReadonlyMap<string, string>,
): Promise<void> {
  const known = (await readFact<Types>(database, id, FACT))?.value ?? {}
  const added = [...seen].filter(([value, text]) => known[value] !== text)
  if (added.length > 0) await putFact(database, id, FACT, { ...known, ...Object.fromEntries(added) })
}

export async function bookableTypes(database: Database, { id, settings }: RunningCerner): Promise<Coded[]> {
  const set: Types = Object.fromEntries(settings.bookable.map(({ code, text }) => [code, text]))
  const types =
    settings.bookable.length > 0 ? set : ((await readFact<Types>(database, id, FACT))?.value ?? {})
  return Object.entries(types)
    .map(([value, text]): Coded => {
      const at = value.lastIndexOf('|')
      return { system: value.slice(0, Math.max(0, at)), code: value.slice(at + 1), text }
    })
    .sort((a, b) => (a.text ?? '').localeCompare(b.text ?? ''))
}
