import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Exchange } from '../../../contract/exchanges.ts'
import { recentExchanges } from '../../api/queries.ts'
import { NothingYet, Ready } from '../../parts/states.tsx'
import { StatePill } from '../../parts/state-pill.tsx'
import { Time, ZoneName } from '../../parts/time.tsx'
import { count } from '../../parts/words.ts'
import css from './today.module.css'

const SAMPLE = 200
interface ErrorGroup {
  code: string
  says: string
  amount: number
  newest: string
}
function groupsOf(parked: Exchange[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>()
  for (const { error, received_at } of parked) {
    if (error === null) continue
    const group = groups.get(error.code) ?? {
      code: error.code,
      says: error.says,
      amount: 0,
      newest: received_at,
    }
    groups.set(error.code, { ...group, amount: group.amount + 1 })
  }
  return [...groups.values()].sort((a, b) => b.amount - a.amount)
}

/** What is parked, by cause; each leads to the filtered log. */
export function Failures() {
  const query = useQuery(recentExchanges(SAMPLE, 'parked'))
  return (
    <section className="card" aria-labelledby="failures-title">
      <div className="cardHead">
        <h2 id="failures-title">Needs a person</h2>
        <Link className={css.more} to="/settings/integrations/logs" search={{ state: 'parked' }}>
          All parked
        </Link>
      </div>
      <Ready query={query} rows={4}>
        {(parked) =>
          parked.length === 0 ? (
            <NothingYet title="Nothing is parked">
              Messages that need a decision gather here by cause.
            </NothingYet>
          ) : (
            <ul className={css.failures}>
              {groupsOf(parked).map((group) => (
                <li key={group.code}>
                  <Link to="/settings/integrations/logs" search={{ state: 'parked', error_code: group.code }}>
                    <strong className="num">
                      {count(group.amount)}
                      {parked.length === SAMPLE && '+'}
                    </strong>
                    <span>
                      {group.says}
                      <small>
                        <span className="mono">{group.code}</span> · newest{' '}
                        <Time at={group.newest} shape="ago" />
                      </small>
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
    </section>
  )
}

/** The newest messages; new rows glow once. */
export function Ticker() {
  const query = useQuery(recentExchanges(10))
  return (
    <section className="card" aria-labelledby="ticker-title">
      <div className="cardHead">
        <h2 id="ticker-title">Newest messages</h2>
        <Link className={css.more} to="/settings/integrations/logs">
          Open Logs
        </Link>
      </div>
      <Ready query={query} rows={6}>
        {(items) =>
          items.length === 0 ? (
            <NothingYet title="No message yet">
              Send one to the listener and it appears here at once.
            </NothingYet>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label="Newest messages">
              <table className={`grid ${css.ticker}`}>
                <thead>
                  <tr>
                    <th scope="col">
                      Received (<ZoneName />)
                    </th>
                    <th scope="col">Kind</th>
                    <th scope="col">Control id</th>
                    <th scope="col">State</th>
                    <th scope="col">Connection</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <tr key={one.id}>
                      <td>
                        <Time at={one.received_at} shape="seconds" />
                      </td>
                      <td>
                        <Link className="mono" to="/exchanges/$id" params={{ id: one.id }}>
                          {one.kind}
                        </Link>
                      </td>
                      <td className="mono">{one.control_id}</td>
                      <td>
                        <StatePill state={one.state} />
                      </td>
                      <td className="nowrap">{one.connection_name}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Ready>
    </section>
  )
}
