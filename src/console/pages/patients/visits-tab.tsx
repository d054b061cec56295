import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { appointmentsOf, encountersOf } from '../../api/queries.ts'
import { NothingYet, Ready } from '../../parts/states.tsx'
import { AppointmentPill, StatusText } from '../../parts/state-pill.tsx'
import { Time, ZoneName } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { personName } from '../../parts/words.ts'
import { useSession } from '../../shell/session.ts'
import { zonedParts } from '../../time/zone.ts'

export function VisitsTab({ id }: { id: string }) {
  const query = useQuery(encountersOf(id))
  return (
    <section className="card" aria-label="Visits">
      <Ready query={query} rows={5}>
        {(visits) =>
          visits.length === 0 ? (
            <NothingYet title="No visit yet">Visits come with PV1 in ADT messages.</NothingYet>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label="Visits">
              <table className="grid">
                <thead>
                  <tr>
                    <th scope="col">
                      From (<ZoneName />)
                    </th>
                    <th scope="col">Until</th>
                    <th scope="col">Status</th>
                    <th scope="col">Class</th>
                    <th scope="col">Where</th>
                    <th scope="col">Attending</th>
                    <th scope="col">Reason and diagnoses</th>
                    <th scope="col">Account</th>
                    <th scope="col">Source</th>
                  </tr>
                </thead>
                <tbody>
                  {visits.map((one) => (
                    <tr key={one.id}>
                      <td>
                        <Time at={one.start_time} />
                      </td>
                      <td>
                        <Time at={one.end_time} />
                      </td>
                      <td>
                        <StatusText status={one.status} />
                      </td>
                      <td>{one.class}</td>
                      <td>
                        {[one.location?.unit, one.location?.room, one.location?.bed]
                          .filter(Boolean)
                          .join(' · ')}
                      </td>
                      <td>{personName(one.attending)}</td>
                      <td>
                        {one.reason?.text ?? one.reason?.code}
                        {one.diagnoses.map((of) => (
                          <div key={of.diagnosis?.code ?? of.diagnosis?.text} className="dim">
                            <span className="mono">{of.diagnosis?.code}</span> {of.diagnosis?.text}
                          </div>
                        ))}
                      </td>
                      <td className="mono">{one.account_number}</td>
                      <td>
                        <WhereFrom field="Status" from={one.provenance['status']} />
                      </td>
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

export function AppointmentsTab({ id }: { id: string }) {
  const query = useQuery(appointmentsOf(id))
  const site = useSession().practice.time_zone
  return (
    <section className="card" aria-label="Appointments">
      <Ready query={query} rows={5}>
        {(appointments) =>
          appointments.length === 0 ? (
            <NothingYet title="No appointment yet">
              Appointments come with SIU messages, or are booked here.
            </NothingYet>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label="Appointments">
              <table className="grid">
                <caption>Latest first. The date opens the day in Schedule.</caption>
                <thead>
                  <tr>
                    <th scope="col" aria-sort="descending">
                      Starts (<ZoneName />)
                    </th>
                    <th scope="col">Status</th>
                    <th scope="col">Type</th>
                    <th scope="col">Provider</th>
                    <th scope="col">Where</th>
                    <th scope="col">Reason</th>
                    <th scope="col">Source</th>
                  </tr>
                </thead>
                <tbody>
                  {[...appointments]
                    .sort((a, b) => (b.start_time ?? '').localeCompare(a.start_time ?? ''))
                    .map((one) => (
                      <tr key={one.id}>
                        <td>
                          {one.start_time === null ? (
                            <span className="dim">no time</span>
                          ) : (
                            <Link
                              to="/schedule"
                              search={{ day: zonedParts(one.start_time, site).date, at: one.id }}
                            >
                              <Time at={one.start_time} />
                            </Link>
                          )}
                        </td>
                        <td>
                          <AppointmentPill status={one.status} />
                        </td>
                        <td>{one.appointment_type}</td>
                        <td>{personName(one.provider)}</td>
                        <td>{one.location_id}</td>
                        <td>{one.reason}</td>
                        <td>
                          <WhereFrom
                            field="Status"
                            from={one.provenance['status'] ?? one.provenance['start_time']}
                          />
                        </td>
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
