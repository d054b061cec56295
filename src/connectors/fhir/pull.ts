import { IntegrationError } from '../../kernel/errors.ts'
import { Seen } from '../../standards/fhir/bundle.ts'
import type { BundleEntry } from '../../standards/fhir/bundle.ts'
import { buildSearch } from '../../standards/fhir/search.ts'
import type { SearchParameters } from '../../standards/fhir/search.ts'
import { skewOf } from './client.ts'
import type { FhirClient, SearchPage } from './fhir-client.ts'

export interface Pull {
  type: string
  parameters: SearchParameters
  signal?: AbortSignal
  /** Sent as `Prefer`, where a server is known to heed it. */
  prefer?: string
}

/** What one page brought that was not there before. */
export interface PulledPage {
  /** 1 for the first; goes on counting when the search is started again. */
  number: number
  /** Matches and what came along by `_include` (see `mode`), each in its newest version. */
  entries: readonly BundleEntry[]
  /** OperationOutcomes that the server put among them. */
  outcomes: readonly BundleEntry[]
  total: number | null
  /** When the pull began, by ours or the far side's clock, whichever is behind: where the next one starts. */
  asOfMs: number
}

// A server that keeps sending pages with nothing new on them goes round in circles, whatever its links say.
const PAGES_WITHOUT_NEWS = 20

/**
 * Pulls a search page by page. `next` is followed as it was given; a page that comes twice ends the pull; a page that has
 * grown stale (400 or 404) starts the search again, once, and what was seen is not given again.
 *
 * @throws FHIR_PAGING_LOOP after everything that was read has been given; else as {@link FhirClient.search}
 * @see cerner-fhir-r4.md §1.4 "Paging"
 */
export async function* pull(client: FhirClient, asked: Pull): AsyncGenerator<PulledPage, void, undefined> {
  const { type, signal, prefer } = asked
  const first = buildSearch(type, asked.parameters, client.version)
  const seen = new Seen()
  let visited = new Set<string>()
  let restarted = false
  let withoutNews = 0
  let asOfMs: number | null = null
  let url: string | null = first
  for (let number = 1; url !== null; number++) {
    let page: SearchPage
    try {
      page = await client.page(type, url, signal, prefer)
    } catch (error) {
      if (url === first || restarted || !isStale(error)) throw error
      restarted = true
      visited = new Set()
      url = first
      continue
    }
    visited.add(page.url)
    asOfMs ??= beganAt(page)
    const fresh = page.entries.filter((entry) => seen.take(entry))
    withoutNews = fresh.length > 0 ? 0 : withoutNews + 1
    yield sorted(page, fresh, { number, asOfMs })
    url = page.links.get('next') ?? null
    if (url === null) return
    url = new URL(url, page.url).href
    if (visited.has(url) || withoutNews >= PAGES_WITHOUT_NEWS)
      throw new IntegrationError('FHIR_PAGING_LOOP', { call: `GET ${type}` })
  }
}

function sorted(
  page: SearchPage,
  fresh: readonly BundleEntry[],
  about: { number: number; asOfMs: number },
): PulledPage {
  const isOutcome = ({ mode, type }: BundleEntry): boolean =>
    mode === 'outcome' || type === 'OperationOutcome'
  return {
    ...about,
    total: page.total,
    entries: fresh.filter((entry) => !isOutcome(entry)),
    outcomes: fresh.filter(isOutcome),
  }
}

const isStale = (error: unknown): boolean =>
  error instanceof IntegrationError &&
  (error.code === 'FHIR_REQUEST_REFUSED' || error.code === 'FHIR_NOT_FOUND')

// What changed after the first request was sent may be missing from the pull.
const beganAt = ({ answer }: SearchPage): number => answer.sentAtMs + Math.min(0, skewOf(answer) ?? 0)

/** The pages of searches, as a synchronisation reads them. */
export class FhirPages {
  private readonly client: FhirClient

  constructor(client: FhirClient) {
    this.client = client
  }

  /** @throws as {@link pull} */
  search(
    { type, params }: { type: string; params: SearchParameters },
    signal?: AbortSignal,
  ): AsyncGenerator<PulledPage, void, undefined> {
    return pull(this.client, { type, parameters: params, ...(signal ? { signal } : {}) })
  }
}
