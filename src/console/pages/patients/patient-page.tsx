import { Button, Tabs } from '@mantine/core'
import { IconCalendarPlus, IconHeartbeat, IconPencil } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Patient } from '../../../contract/patients.ts'
import type { Permission } from '../../../contract/session.ts'
import { patient } from '../../api/queries.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { PendingCard } from '../../parts/pending.tsx'
import { NotPermitted, Ready } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { patientName, phone, sexName } from '../../parts/words.ts'
import { PATIENT_TABS, type PatientTab } from '../../router.tsx'
import { useMay, useSession } from '../../shell/session.ts'
import { AppointmentsTab, VisitsTab } from './visits-tab.tsx'
import { ChartTab, substancesOf } from './chart-tab.tsx'
import { CoverageTab } from './coverage-tab.tsx'
import { DemographicsTab } from './demographics-tab.tsx'
import { DocumentsTab } from './documents-tab.tsx'
import { EditDrawer } from './edit-drawer.tsx'
import { HistoryTab } from './history-tab.tsx'
import { useAge } from './patients-page.tsx'
import { ResultsTab } from './results-tab.tsx'
import { VitalSignsDrawer } from './vital-signs-drawer.tsx'
import css from './patients.module.css'

const TABS: Record<
  PatientTab,
  { label: string; needs: Permission; draw: (one: Patient) => React.ReactNode }
> = {
  demographics: {
    label: 'Demographics',
    needs: 'patients.read',
    draw: (one) => <DemographicsTab one={one} />,
  },
  chart: { label: 'Chart', needs: 'patients.read', draw: (one) => <ChartTab one={one} /> },
  visits: { label: 'Visits', needs: 'patients.read', draw: (one) => <VisitsTab id={one.id} /> },
  appointments: {
    label: 'Appointments',
    needs: 'schedule.read',
    draw: (one) => <AppointmentsTab id={one.id} />,
  },
  results: { label: 'Results', needs: 'results.read', draw: (one) => <ResultsTab id={one.id} /> },
  documents: { label: 'Documents', needs: 'results.read', draw: (one) => <DocumentsTab id={one.id} /> },
  coverage: {
    label: 'Coverage, contacts',
    needs: 'patients.read',
    draw: (one) => <CoverageTab one={one} />,
  },
  history: { label: 'History', needs: 'patients.read', draw: (one) => <HistoryTab id={one.id} /> },
}

function HeaderCard({ one }: { one: Patient }) {
  const age = useAge()
  const numbers: [string, string | null][] = [
    ['Mobile', one.phone_mobile],
    ['Home', one.phone_home],
    ['Work', one.phone_work],
  ]
  return (
    <div className={`card ${css.header}`}>
      <span className={css.avatar} aria-hidden="true">
        {(one.first_name?.charAt(0) ?? '') + (one.last_name?.charAt(0) ?? '')}
      </span>
      <dl className={css.headFacts}>
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
        {numbers
          .filter(([, number]) => number !== null)
          .slice(0, 2)
          .map(([label, number]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="nowrap">{phone(number)}</dd>
            </div>
          ))}
        <div>
          <dt>Allergies</dt>
          <dd>{one.allergies.length === 0 ? 'none known here' : substancesOf(one)}</dd>
        </div>
      </dl>
      <div className={css.flags}>
        {one.deceased === true && (
          <span className="pill" data-tone="mute">
            deceased
          </span>
        )}
        {!one.active && (
          <span className="pill" data-tone="warn">
            inactive
          </span>
        )}
        <span className="dim">
          version {one.version}, changed <Time at={one.updated_at} shape="ago" />
        </span>
      </div>
    </div>
  )
}

/** What may be done for the patient from here, as the role allows. */
function Acts({ one }: { one: Patient }) {
  const [doing, setDoing] = useState<'vitals' | 'edit' | null>(null)
  const [books, records, edits] = [
    useMay('schedule.write'),
    useMay('results.write'),
    useMay('patients.write'),
  ]
  const close = (): void => setDoing(null)
  return (
    <>
      {books && (
        <Button
          component={Link}
          to={`/schedule?act=book&for=${one.id}`}
          leftSection={<IconCalendarPlus size={15} aria-hidden="true" />}
        >
          Book
        </Button>
      )}
      {records && (
        <Button
          variant="default"
          leftSection={<IconHeartbeat size={15} aria-hidden="true" />}
          onClick={() => setDoing('vitals')}
        >
          Record vital signs
        </Button>
      )}
      {edits && (
        <Button
          variant="default"
          leftSection={<IconPencil size={15} aria-hidden="true" />}
          onClick={() => setDoing('edit')}
        >
          Edit demographics
        </Button>
      )}
      <VitalSignsDrawer
        patientId={one.id}
        who={patientName(one)}
        opened={doing === 'vitals'}
        onClose={close}
      />
      <EditDrawer one={one} opened={doing === 'edit'} onClose={close} />
    </>
  )
}

export function PatientPage() {
  const { id } = useParams({ from: '/patients/$id' })
  const { tab = 'demographics' } = useSearch({ from: '/patients/$id' })
  const navigate = useNavigate({ from: '/patients/$id' })
  const { permissions } = useSession()
  const query = useQuery(patient(id))
  return (
    <>
      <PageHead
        title={query.data === undefined ? 'Patient' : patientName(query.data)}
        windowTitle="Patient"
        trail={<Link to="/patients">Patients</Link>}
      >
        {query.data !== undefined && <Acts one={query.data} />}
      </PageHead>
      <Ready query={query} rows={12}>
        {(one) => (
          <>
            <HeaderCard one={one} />
            {one.pending.length > 0 && (
              <div className={css.pendings}>
                {one.pending.map((pending) => (
                  <PendingCard key={pending.exchange_id} pending={pending} />
                ))}
              </div>
            )}
            <Tabs
              value={tab}
              keepMounted={false}
              classNames={{ list: css.tabs }}
              onChange={(next) =>
                void navigate({ search: { tab: PATIENT_TABS.find((key) => key === next) }, replace: true })
              }
            >
              <Tabs.List aria-label="Parts of the record">
                {PATIENT_TABS.map((key) => (
                  <Tabs.Tab key={key} value={key}>
                    {TABS[key].label}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              {PATIENT_TABS.map((key) => (
                <Tabs.Panel key={key} value={key} pt="md">
                  {permissions.includes(TABS[key].needs) ? (
                    TABS[key].draw(one)
                  ) : (
                    <NotPermitted
                      problem={{
                        detail: `Your role does not include ${TABS[key].needs}.`,
                        todo: 'Ask an administrator for a role that includes it.',
                      }}
                    />
                  )}
                </Tabs.Panel>
              ))}
            </Tabs>
          </>
        )}
      </Ready>
    </>
  )
}
