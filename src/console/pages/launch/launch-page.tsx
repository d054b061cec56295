import { Button } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconHeartbeat } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import type { LaunchContext } from '../../../contract/launch.ts'
import type { Patient } from '../../../contract/patients.ts'
import type { Report } from '../../../contract/observations.ts'
import { launchContext } from '../../api/booking.ts'
import { problemFrom } from '../../api/http.ts'
import { useLiveStream } from '../../api/live.ts'
import { appointmentsOf, patient, reportsOf } from '../../api/queries.ts'
import { PendingPill } from '../../parts/pending.tsx'
import { Loading, NothingYet, Ready, Refused } from '../../parts/states.tsx'
import { AppointmentPill } from '../../parts/state-pill.tsx'
import { Time, useNow } from '../../parts/time.tsx'
import { patientName, personName, plural, sexName } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { allergiesOf, ChartLines, conditionsOf, medicationsOf } from '../patients/chart-tab.tsx'
import { DocumentList } from '../patients/documents-tab.tsx'
import { useAge } from '../patients/patients-page.tsx'
import { flagsOf, valueOf } from '../patients/results-model.ts'
import { VitalSignsDrawer } from '../patients/vital-signs-drawer.tsx'
import { LaunchEnded } from './launch-ended.tsx'
import css from './launch.module.css'

const REPORTS = 4

/** The patient of the chart that opened us, on one page that fits the frame it stands in. */
export function LaunchPage() {
  // The window names no patient: the title of a frame is shown in places of its own.
  useDocumentTitle('Patient · Practice Studio')
  useLiveStream(useMay('metrics.read'))
  const query = useQuery(launchContext)
  const problem = query.isError ? problemFrom(query.error) : null
  const again = (): void => void query.refetch()
  if (problem !== null && (problem.status === 401 || problem.status === 404))
    return <LaunchEnded says={problem.status === 404 ? '' : problem.detail} onRetry={again} />
  if (query.data === undefined)
    return (
      <main className={css.page}>
        {query.isError ? (
          <Refused error={query.error} onRetry={again} />
        ) : (
          <Loading label="Opening the patient" rows={6} />
        )}
      </main>
    )
  return <Launched context={query.data} onRetry={again} />
}

function Launched({ context, onRetry }: { context: LaunchContext; onRetry: () => void }) {
  const over = useNow(5_000) > Date.parse(context.expires_at)
  // The server may have renewed it: it is asked once when our clock says that it is over.
  useEffect(() => {
    if (over) onRetry()
  }, [over])
  if (context.state === 'ended') return <LaunchEnded says={context.says} onRetry={onRetry} />
  if (context.patient_id === null)
    return (
      <main className={css.page}>
        <h1 className={css.hidden}>Patient</h1>
        <div className="card">
          <NothingYet title="This patient is not here yet">
            The chart that is open at Cerner belongs to nobody in Practice Studio so far. The record comes
            with the next pull or message; then open this page again.
          </NothingYet>
        </div>
        <Foot context={context} />
      </main>
    )
  return <PatientFrame id={context.patient_id} context={context} />
}

function PatientFrame({ id, context }: { id: string; context: LaunchContext }) {
  const query = useQuery(patient(id))
  const [results, schedule] = [useMay('results.read'), useMay('schedule.read')]
  return (
    <main className={css.page}>
      <Ready query={query} rows={8}>
        {(one) => (
          <>
            <Banner one={one} context={context} />
            <div className={css.parts}>
              <Part title="Allergies" id="allergies">
                <ChartLines
                  compact
                  lines={allergiesOf(one)}
                  none="None was sent. That is not the same as none known."
                />
              </Part>
              {schedule && (
                <Part title="Next appointments" id="appointments">
                  <NextAppointments id={one.id} />
                </Part>
              )}
              {results && (
                <Part title="Latest results" id="results">
                  <LatestResults id={one.id} />
                </Part>
              )}
              <Part title="Problems" id="problems">
                <ChartLines
                  compact
                  lines={conditionsOf(one)}
                  none="No problem was sent. That is not the same as none."
                />
              </Part>
              <Part title="Medications" id="medications">
                <ChartLines
                  compact
                  lines={medicationsOf(one)}
                  none="No medication was sent. That is not the same as none."
                />
              </Part>
              {results && (
                <Part title="Documents" id="documents">
                  <DocumentList id={one.id} limit={8} />
                </Part>
              )}
            </div>
          </>
        )}
      </Ready>
      <Foot context={context} />
    </main>
  )
}

/** Who this is. The chart may show it already; then only what acts is left. */
function Banner({ one, context }: { one: Patient; context: LaunchContext }) {
  const age = useAge()
  const records = useMay('results.write')
  const [open, setOpen] = useState(false)
  const name = patientName(one)
  return (
    <header className={css.banner} data-bare={!context.need_patient_banner}>
      {context.need_patient_banner ? (
        <div className={css.who}>
          <h1>{name}</h1>
          <dl>
            <div>
              <dt>Born</dt>
              <dd>
                <Time at={one.date_of_birth} /> <span className="dim">{age(one.date_of_birth)}</span>
              </dd>
            </div>
            <div>
              <dt>Sex</dt>
              <dd>{sexName(one.gender) || '–'}</dd>
            </div>
            <div>
              <dt>MRN</dt>
              <dd className="mono">{one.mrn ?? '–'}</dd>
            </div>
          </dl>
        </div>
      ) : (
        <h1 className={css.hidden}>Patient</h1>
      )}
      {records && (
        <Button
          variant="light"
          leftSection={<IconHeartbeat size={15} aria-hidden="true" />}
          onClick={() => setOpen(true)}
        >
          Record vital signs
        </Button>
      )}
      {one.pending.length > 0 && (
        <div className={css.pending} role="status">
          {one.pending.map((pending) => (
            <PendingPill key={pending.exchange_id} pending={pending} />
          ))}
        </div>
      )}
      <VitalSignsDrawer patientId={one.id} who={name} opened={open} onClose={() => setOpen(false)} />
    </header>
  )
}

function Part({ title, id, children }: { title: string; id: string; children: ReactNode }) {
  return (
    <section className={`card ${css.part}`} aria-labelledby={`part-${id}`}>
      <h2 id={`part-${id}`}>{title}</h2>
      {children}
    </section>
  )
}

function NextAppointments({ id }: { id: string }) {
  const query = useQuery(appointmentsOf(id))
  return (
    <Ready query={query} rows={3}>
      {(all) => {
        const now = new Date().toISOString()
        const next = all
          .filter((one) => (one.start_time ?? '') >= now && one.status !== 'cancelled')
          .sort((a, b) => (a.start_time ?? '').localeCompare(b.start_time ?? ''))
          .slice(0, 4)
        return next.length === 0 ? (
          <p className={css.none}>Nothing is booked.</p>
        ) : (
          <ul className={css.lines}>
            {next.map((one) => (
              <li key={one.id}>
                <strong>
                  <Time at={one.start_time} />
                </strong>
                {one.pending === null ? (
                  <AppointmentPill status={one.status} />
                ) : (
                  <PendingPill pending={one.pending} />
                )}
                <span className="dim">
                  {[one.appointment_type, personName(one.provider), one.location_id]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </li>
            ))}
          </ul>
        )
      }}
    </Ready>
  )
}

function LatestResults({ id }: { id: string }) {
  const query = useQuery(reportsOf(id))
  return (
    <Ready query={query} rows={4}>
      {(reports) =>
        reports.length === 0 ? (
          <p className={css.none}>No result was sent.</p>
        ) : (
          [...reports]
            .sort((a, b) => (b.effective_at ?? '').localeCompare(a.effective_at ?? ''))
            .slice(0, REPORTS)
            .map((report) => <ReportLines key={report.id} report={report} />)
        )
      }
    </Ready>
  )
}

function ReportLines({ report }: { report: Report }) {
  const title = report.code?.text ?? report.code?.code ?? 'Report'
  const lines = report.observations.filter(({ attachment }) => attachment === undefined)
  return (
    <div className={css.report}>
      <h3>
        {title} <Time at={report.effective_at} />
        {report.status !== 'final' && (
          <span className="pill" data-tone="twin">
            {report.status}
          </span>
        )}
      </h3>
      <ul className={css.values}>
        {lines.map((line) => {
          const name = line.code.text ?? line.code.code
          const flags = flagsOf(line)
          return (
            // One line of a panel says its name; a report of one line has said it in its head.
            <li key={line.id}>
              {lines.length > 1 || name !== title ? <span>{name}</span> : <span>Value</span>}
              <strong>
                {valueOf(line)} <small>{line.quantity?.unit}</small>
              </strong>
              <span>
                {flags.map(({ label, tone }) => (
                  <span key={label} className="pill" data-tone={tone}>
                    {label}
                  </span>
                ))}
              </span>
              <span className="dim">{line.reference_range}</span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** What the frame stands on: who, where, and quietly what was not granted. */
function Foot({ context }: { context: LaunchContext }) {
  return (
    <footer className={css.foot}>
      {context.refused.length > 0 && (
        <details>
          <summary>{plural(context.refused.length, 'part')} of the chart not granted by Cerner</summary>
          <ul>
            {context.refused.map(({ scope, breaks }) => (
              <li key={scope}>
                {breaks} <code>{scope}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p>
        Practice Studio, {context.connection_name}
        {context.user === '' ? '' : `, signed in as ${context.user}`}
      </p>
    </footer>
  )
}
