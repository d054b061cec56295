import { knownInDirectory } from '../../../store/far-patients.ts'
import { pullSearch } from './context.ts'
import type { RunContext } from './context.ts'
import { idSearches } from './plan.ts'

const KINDS = { Practitioner: 'practitioner', Location: 'location', Organization: 'organization' } as const
export type DirectoryType = keyof typeof KINDS
export const DIRECTORY_TYPES = Object.keys(KINDS) as DirectoryType[]

export const isDirectory = (resource: string): resource is DirectoryType => Object.hasOwn(KINDS, resource)

/**
 * Reads people and places that records point at and the directory does not have, and those the settings name. Such
 * data changes by the month, so what is known is read again by a full pull only.
 */
export async function pullDirectory(context: RunContext, type: DirectoryType): Promise<void> {
  const { settings, references, progress, run } = context
  const named =
    type === 'Location' ? settings.pull.locations : type === 'Practitioner' ? settings.pull.practitioners : []
  const wanted = [...new Set([...named, ...references.of(type)])]
  references.forget(type)
  const missing = run.kind === 'delta' ? await unknownOf(context, type, wanted) : wanted
  const step = progress.of(type)
  step.unit = 'records'
  step.total = (step.total ?? 0) + missing.length
  for (const search of idSearches(type, missing)) {
    await pullSearch(context, search, type)
    step.done += search.params[0]?.[1].split(',').length ?? 0
  }
}

async function unknownOf(
  context: RunContext,
  type: DirectoryType,
  ids: readonly string[],
): Promise<string[]> {
  const kind = KINDS[type]
  const known = await knownInDirectory(
    context.database,
    context.connectionId,
    ids.map((id) => ({ kind, id })),
  )
  return ids.filter((id) => !known.has(`${kind}/${id}`))
}
