import type { CernerStatus } from '../../../contract/cerner.ts'
import { NothingYet } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { count } from '../../parts/words.ts'

/** How far each resource was pulled, how many of it we know, and when it is due again. */
export function CursorsCard({ cursors, known }: Pick<CernerStatus, 'cursors' | 'known'>) {
  const amounts = new Map(known.map(({ type, count: amount }) => [type, amount]))
  return (
    <section className="card" aria-labelledby="cursors">
      <h2 id="cursors">How far each resource is</h2>
      {cursors.length === 0 ? (
        <NothingYet title="Nothing was pulled yet">
          The first full pull sets a mark for each resource; changes are asked for from there on.
        </NothingYet>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label="Resources, scrollable">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Resource</th>
                <th scope="col" className="num">
                  Known here
                </th>
                <th scope="col">Pulled to</th>
                <th scope="col">Next</th>
              </tr>
            </thead>
            <tbody>
              {cursors.map(({ resource, pulled_to: to, next_at: next }) => (
                <tr key={resource}>
                  <td>{resource}</td>
                  <td className="num">{count(amounts.get(resource) ?? 0)}</td>
                  <td className="nowrap">
                    {to === null ? <span className="dim">never</span> : <Time at={to} shape="ago" />}
                  </td>
                  <td className="nowrap">
                    <Time at={next} shape="seconds" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
