import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { patientHistory } from '../../api/queries.ts'
import { BeforeAfter } from '../../parts/before-after.tsx'
import { More } from '../../parts/more.tsx'
import { NothingYet, Ready } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import css from './patients.module.css'

/** What happened to the record, newest first, field by field. */
export function HistoryTab({ id }: { id: string }) {
  const query = useInfiniteQuery(patientHistory(id))
  const entries = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section className="card" aria-label="History">
      <Ready query={query} rows={6}>
        {() =>
          entries.length === 0 ? (
            <NothingYet title="No change yet">
              Every message that changes a field is listed here with both values.
            </NothingYet>
          ) : (
            <>
              <ol className={css.history}>
                {entries.map((entry) => (
                  <li key={`${entry.exchange_id} ${entry.at} ${entry.record.id}`}>
                    <div className={css.historyHead}>
                      <Time at={entry.at} shape="stamp" />
                      <Link to="/exchanges/$id" params={{ id: entry.exchange_id }}>
                        <span className="mono">{entry.kind}</span>
                      </Link>
                      <span className="dim">
                        {entry.connection_name}
                        {entry.record.type !== 'patient' && ` · ${entry.record.type}`}
                      </span>
                    </div>
                    <BeforeAfter changes={entry.changes} label={`Changes by ${entry.kind}`} />
                  </li>
                ))}
              </ol>
              <More query={query} shown={entries.length} one="change" />
            </>
          )
        }
      </Ready>
    </section>
  )
}
