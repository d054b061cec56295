import { newId } from '../../kernel/ids.ts'
import type { FhirResource } from '../../mapping/map-fhir.ts'
import { ignoredOutcome } from './outcome.ts'
import type { Search } from './query.ts'

export interface BundleParts {
  base: string
  search: Search
  resources: readonly FhirResource[]
  /** What follows `?` in the address of the next page; null on the last. */
  next: string | null
  now: string
}

/**
 * A page of results. The rest is never counted: `total` stands only where one page holds everything (FHIR R4 §3.1.1.5).
 */
export function searchBundle({ base, search, resources, next, now }: BundleParts): Record<string, unknown> {
  const { type, asked, ignored, place } = search
  const query = new URLSearchParams(asked.map(([name, value]) => [name, value])).toString()
  const self = query === '' ? `${base}/${type}` : `${base}/${type}?${query}`
  const isWhole = place === null && next === null
  return {
    resourceType: 'Bundle',
    id: newId(),
    meta: { lastUpdated: now },
    type: 'searchset',
    ...(isWhole ? { total: resources.length } : {}),
    link: [
      { relation: 'self', url: self },
      ...(next === null ? [] : [{ relation: 'next', url: `${base}/${type}?${next}` }]),
    ],
    entry: [
      ...resources.map((resource) => ({
        fullUrl: fullUrl(base, resource),
        resource,
        search: { mode: 'match' },
      })),
      ...(ignored.length === 0 ? [] : [{ resource: ignoredOutcome(ignored), search: { mode: 'outcome' } }]),
    ],
  }
}

export const fullUrl = (base: string, { resourceType, id }: FhirResource): string =>
  `${base}/${resourceType}/${id ?? ''}`

/** FHIR forbids an empty list, so one that holds nothing is left out. */
export const withoutEmptyEntry = (bundle: Record<string, unknown>): Record<string, unknown> => {
  const { entry, ...rest } = bundle
  return Array.isArray(entry) && entry.length === 0 ? rest : bundle
}
