import type { Exchange, ExchangeDetail, ReplayResult } from '../contract/exchanges.ts'
import type { Page } from '../contract/common.ts'
import type { ApiClient } from './api-client.ts'
import { EXIT, print, printJson, table } from './output.ts'

export interface ListOptions {
  state?: string
  controlId?: string
  mrn?: string
  kind?: string
  limit: number
  json: boolean
}

/** `exchanges [ID]`: lists the log, newest first, or shows one exchange with what it did. */
export async function listExchanges(api: ApiClient, options: ListOptions): Promise<number> {
  const query = new URLSearchParams({ limit: String(options.limit) })
  if (options.state) query.set('state', options.state)
  if (options.controlId) query.set('control_id', options.controlId)
  if (options.mrn) query.set('mrn', options.mrn)
  if (options.kind) query.set('kind', options.kind)
  const { items } = await api.get<Page<Exchange>>(`/api/exchanges?${query}`)
  if (options.json) for (const item of items) printJson(item)
  else if (items.length === 0) print('No exchange matches.')
  else print(table(['received', 'state', 'kind', 'control id', 'error', 'id'], items.map(rowOf)))
  return EXIT.done
}

const rowOf = (item: Exchange): string[] => [
  item.received_at,
  item.state,
  item.kind,
  item.control_id,
  item.error ? `${item.error.code}${item.error.place ? ` ${item.error.place}` : ''}` : '',
  item.id,
]

export async function showExchange(
  api: ApiClient,
  id: string,
  options: { raw: boolean; json: boolean },
): Promise<number> {
  if (options.raw) {
    print((await api.text(`/api/exchanges/${id}/raw`)).replaceAll('\r', '\n'))
    return EXIT.done
  }
  const detail = await api.get<ExchangeDetail>(`/api/exchanges/${id}`)
  if (options.json) {
    printJson(detail)
    return EXIT.done
  }
  print(`${detail.kind}  ${detail.state}  ${detail.control_id}  ${detail.received_at}`)
  if (detail.error) print(`${detail.error.says}\n  What to do: ${detail.error.todo} (${detail.error.code})`)
  for (const warning of detail.warnings) print(`warning  ${warning.place}  ${warning.says}`)
  if (detail.changes.length > 0) print(changeTable(detail.changes))
  return EXIT.done
}

const changeTable = (changes: ExchangeDetail['changes']): string =>
  table(
    ['record', 'field', 'before', 'after', 'from', 'outcome'],
    changes.map((one) => [
      one.record.type,
      one.field,
      text(one.before),
      text(one.after),
      one.place,
      one.outcome,
    ]),
  )

const text = (value: unknown): string => {
  const written = typeof value === 'string' ? value : JSON.stringify(value)
  return written.length > 40 ? `${written.slice(0, 39)}…` : written
}

export interface ReplayOptions {
  set: readonly string[]
  preview: boolean
  json: boolean
}

/** `replay ID…`: plays exchanges again, as they were or edited (`--set PID-8=F`); `--preview` only shows the effect. */
export async function replay(
  api: ApiClient,
  ids: readonly string[],
  options: ReplayOptions,
): Promise<number> {
  const edits = options.set.map((one) => {
    const at = one.indexOf('=')
    return { place: at < 0 ? one : one.slice(0, at), value: at < 0 ? '' : one.slice(at + 1) }
  })
  let failed = 0
  for (const id of ids) {
    const result = await api.post<ReplayResult>(`/api/exchanges/${id}/replay`, {
      preview: options.preview,
      edits,
    })
    if (result.problem) failed += 1
    if (options.json) printJson({ id, ...result })
    else if (result.problem) print(`${id}: ${result.problem.says}\n  What to do: ${result.problem.todo}`)
    else if (options.preview)
      print(result.changes.length > 0 ? changeTable(result.changes) : `${id}: nothing would change.`)
    else print(`${id} replayed as ${result.exchange_id ?? ''}`)
  }
  return failed === 0 ? EXIT.done : EXIT.failed
}
