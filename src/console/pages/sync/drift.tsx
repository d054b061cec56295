import { Button, Select } from '@mantine/core'
import { IconCircleCheck, IconDownload } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, type ReactNode } from 'react'
import type { DriftDetail, DriftItem, DriftReport } from '../../../contract/sync.ts'
import { driftReport, driftReports } from '../../api/cerner.ts'
import { csvText, saveText } from '../../parts/download.ts'
import { NothingMatches, NothingYet, Ready } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { count, fieldName, plural, valueText } from '../../parts/words.ts'
import type { CernerSearch } from '../../router.tsx'
import css from './sync.module.css'
import { differences, driftRows, KINDS } from './sync-model.ts'

// prettier-ignore
const KIND_WORDS: Record<DriftItem['kind'] | 'same', string> = {
  same: 'the same', differs: 'differ', only_here: 'only here', only_there: 'only at Cerner',
}
// prettier-ignore
const ITEM_WORDS: Record<DriftItem['kind'], string> = { differs: 'differs', only_here: 'only here', only_there: 'only at Cerner' }
const PARTS = ['same', 'differs', 'only_here', 'only_there'] as const

/** Counts of one resource as one bar. The same are many, so the rest is given room to be seen. */
function Counts({ counts }: Pick<DriftReport, 'counts'>) {
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Counts, scrollable">
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <th scope="col" className={css.barColumn}>
              Share
            </th>
            {PARTS.map((part) => (
              <th scope="col" key={part} className="num">
                <span className={css.key} data-part={part} aria-hidden="true" />
                {KIND_WORDS[part]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((one) => {
            const all = PARTS.reduce((sum, part) => sum + one[part], 0)
            return (
              <tr key={one.resource}>
                <td>{one.resource}</td>
                <td className={css.barColumn}>
                  <span className={css.stack100} aria-hidden="true">
                    {PARTS.filter((part) => one[part] > 0).map((part) => (
                      <span
                        key={part}
                        data-part={part}
                        style={{ flexGrow: one[part] / Math.max(1, all), minWidth: part === 'same' ? 0 : 5 }}
                      />
                    ))}
                  </span>
                </td>
                {PARTS.map((part) => (
                  <td key={part} className="num">
                    {one[part] === 0 && part !== 'same' ? <span className="dim">0</span> : count(one[part])}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function RecordName({ item }: { item: DriftItem }) {
  const { record, title } = item
  if (record?.type === 'patient')
    return (
      <Link className="rowLink" data-row-link to="/patients/$id" params={{ id: record.id }}>
        {title}
      </Link>
    )
  if (record?.type === 'appointment')
    return (
      <Link className="rowLink" data-row-link to="/schedule" search={{ at: record.id }}>
        {title}
      </Link>
    )
  return <span>{title}</span>
}

const Value = ({ value }: { value: unknown }) => {
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value)) return <Time at={value} />
  const words = valueText(value)
  return words === '' ? <em className="dim">empty</em> : <>{words}</>
}

function Items({ items }: { items: DriftItem[] }) {
  const table = useRef<HTMLTableElement>(null)
  useRowKeys(table)
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Differences, scrollable">
      <table className="grid" ref={table}>
        <caption>j and k move between records, Enter opens.</caption>
        <thead>
          <tr>
            <th scope="col" className={css.roomy}>
              Resource
            </th>
            <th scope="col">Record</th>
            <th scope="col" className={css.roomy}>
              What
            </th>
            <th scope="col">Field</th>
            <th scope="col">Here</th>
            <th scope="col">At Cerner</th>
          </tr>
        </thead>
        <tbody>
          {items.flatMap((item, index) => {
            const fields = item.fields.length === 0 ? [null] : item.fields
            return fields.map((field, turn) => (
              <tr key={`${index} ${turn}`}>
                {turn === 0 && (
                  <>
                    <td rowSpan={fields.length} className={css.roomy}>
                      {item.resource}
                    </td>
                    <td rowSpan={fields.length}>
                      <RecordName item={item} />
                      <small className={css.narrowOnly}>
                        {item.resource}, {ITEM_WORDS[item.kind]}
                      </small>
                    </td>
                    <td rowSpan={fields.length} className={`nowrap ${css.roomy}`}>
                      <span className={css.key} data-part={item.kind} aria-hidden="true" />
                      {ITEM_WORDS[item.kind]}
                    </td>
                  </>
                )}
                <td>{field === null ? '' : fieldName(field.field)}</td>
                <td>{field === null ? '' : <Value value={field.here} />}</td>
                <td>{field === null ? '' : <Value value={field.there} />}</td>
              </tr>
            ))
          })}
        </tbody>
      </table>
    </div>
  )
}

interface ViewProps {
  search: CernerSearch
  onSearch: (change: Partial<CernerSearch>) => void
}
function Report({ report, search, onSearch }: { report: DriftDetail } & ViewProps) {
  const total = differences(report)
  const shown = report.items.filter(
    ({ resource, kind }) =>
      (search.resource === undefined || resource === search.resource) &&
      (search.kind === undefined || kind === search.kind),
  )
  if (total === 0)
    return (
      <div className={css.agree} role="status">
        <IconCircleCheck size={30} stroke={1.5} aria-hidden="true" />
        <p>
          <strong>The two sides agree.</strong> {plural(report.compared, 'record')} compared on{' '}
          <Time at={report.at} />, none differs.
        </p>
      </div>
    )
  return (
    <>
      <Counts counts={report.counts} />
      <div className={css.driftFilters}>
        <Select
          size="xs"
          label="Resource"
          placeholder="Any"
          clearable
          clearButtonProps={{ 'aria-label': 'Any resource' }}
          value={search.resource ?? null}
          onChange={(resource) => onSearch({ resource: resource ?? undefined })}
          data={[...new Set(report.items.map(({ resource }) => resource))]}
        />
        <Select
          size="xs"
          label="What"
          placeholder="Any"
          clearable
          clearButtonProps={{ 'aria-label': 'Any difference' }}
          value={search.kind ?? null}
          onChange={(kind) => onSearch({ kind: KINDS.find((known) => known === kind) })}
          data={KINDS.map((value) => ({ value, label: ITEM_WORDS[value] }))}
        />
        <span className="dim" role="status">
          {plural(shown.length, 'record')} shown
          {total > report.items.length &&
            `; the first ${count(report.items.length)} of ${count(total)} are listed`}
        </span>
        <Button
          ml="auto"
          variant="default"
          leftSection={<IconDownload size={14} />}
          onClick={() =>
            saveText(
              `drift-${report.at.slice(0, 10)}.csv`,
              csvText(driftRows({ ...report, items: shown })),
              'text/csv',
            )
          }
        >
          CSV
        </Button>
      </div>
      {shown.length === 0 ? (
        <NothingMatches onClear={() => onSearch({ resource: undefined, kind: undefined })}>
          No difference of this kind was found.
        </NothingMatches>
      ) : (
        <Items items={shown} />
      )}
    </>
  )
}

/** One report of a full compare. */
export function DriftView({ id, search, onSearch }: { id: string } & ViewProps) {
  const query = useQuery(driftReport(id))
  return (
    <section className="card" aria-labelledby="drift">
      <div className={`cardHead ${css.head}`}>
        <h2 id="drift">Drift report</h2>
        {query.data !== undefined && (
          <span className="dim">
            <Time at={query.data.at} />, {count(query.data.compared)} compared,{' '}
            {plural(differences(query.data), 'difference')}
          </span>
        )}
        <Button
          ml="auto"
          size="compact-xs"
          variant="default"
          onClick={() => onSearch({ drift: undefined, resource: undefined, kind: undefined })}
        >
          All pulls
        </Button>
      </div>
      <Ready query={query} rows={8}>
        {(report) => <Report report={report} search={search} onSearch={onSearch} />}
      </Ready>
    </section>
  )
}

/** Reports of full compares, newest first. */
export function DriftList({ connectionId }: { connectionId: string }) {
  const query = useInfiniteQuery(driftReports(connectionId))
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const row = (report: DriftReport): ReactNode => {
    const total = differences(report)
    return (
      <li key={report.id}>
        <Link
          to="/settings/integrations/cerner/pulls"
          search={{ connection: connectionId, drift: report.id }}
        >
          <Time at={report.at} />
        </Link>
        <span>{total === 0 ? 'the two sides agree' : plural(total, 'difference')}</span>
        <span className="dim">{count(report.compared)} compared</span>
      </li>
    )
  }
  return (
    <section className="card" aria-labelledby="drifts">
      <h2 id="drifts">Drift reports</h2>
      <Ready query={query} rows={3}>
        {() =>
          items.length === 0 ? (
            <NothingYet title="No compare yet">
              A full compare reads both sides whole and reports each field in which they differ.
            </NothingYet>
          ) : (
            <ul className={css.reports}>{items.map(row)}</ul>
          )
        }
      </Ready>
    </section>
  )
}
