import { Button } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { appointmentsOf, patient } from '../../api/queries.ts'
import { Facts, Inspector } from '../../parts/inspector.tsx'
import { Ready } from '../../parts/states.tsx'
import { AppointmentPill } from '../../parts/state-pill.tsx'
import { Time } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { codedText, patientName, personName, phone, sexName } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { useAge } from './patients-page.tsx'
import { substancesOf } from './chart-tab.tsx'
import css from './patients.module.css'

function NextVisit({ id }: { id: string }) {
  const query = useQuery(appointmentsOf(id))
  const now = new Date().toISOString()
  const next = (query.data ?? [])
    .filter((one) => (one.start_time ?? '') >= now && one.status !== 'cancelled')
    .sort((a, b) => (a.start_time ?? '').localeCompare(b.start_time ?? ''))[0]
  if (next === undefined) return <span className="dim">{query.isPending ? '…' : 'none booked'}</span>
  return (
    <>
      <Time at={next.start_time} /> <AppointmentPill status={next.status} />
    </>
  )
}

/** The docked preview of a row. */
export function PatientPreview({ id }: { id: string }) {
  const query = useQuery(patient(id))
  const age = useAge()
  const seesSchedule = useMay('schedule.read')
  const title =
    query.data === undefined ? (
      <span className="dim">Patient</span>
    ) : (
      <strong>{patientName(query.data)}</strong>
    )
  return (
    <Inspector
      label="Patient preview"
      title={title}
      actions={
        <Button
          component={Link}
          to={`/patients/${id}`}
          variant="light"
          size="compact-xs"
          rightSection={<IconArrowRight size={13} />}
        >
          Open
        </Button>
      }
    >
      <Ready query={query} rows={7}>
        {(one) => {
          const from = (field: string) => <WhereFrom field={field} from={one.provenance[field]} />
          return (
            <>
              <Facts
                rows={[
                  [
                    'Born',
                    <span key="v" className={css.sourced}>
                      <span>
                        <Time at={one.date_of_birth} /> · {age(one.date_of_birth)} · {sexName(one.gender)}
                      </span>
                      {from('date_of_birth')}
                    </span>,
                  ],
                  [
                    'MRN',
                    <span key="v" className={css.sourced}>
                      <span className="mono">{one.mrn}</span>
                      {from('identifiers')}
                    </span>,
                  ],
                  [
                    'Mobile',
                    one.phone_mobile === null ? null : (
                      <span key="v" className={css.sourced}>
                        {phone(one.phone_mobile)}
                        {from('phone_mobile')}
                      </span>
                    ),
                  ],
                  [
                    'Home',
                    one.phone_home === null ? null : (
                      <span key="v" className={css.sourced}>
                        {phone(one.phone_home)}
                        {from('phone_home')}
                      </span>
                    ),
                  ],
                  [
                    'Address',
                    [
                      one.address.line1,
                      one.address.city,
                      [one.address.state, one.address.postal_code].filter(Boolean).join(' '),
                    ]
                      .filter(Boolean)
                      .join(', '),
                  ],
                  ['Language', codedText('preferred_language', one.preferred_language)],
                  ['Provider', personName(one.primary_provider)],
                  [
                    'Coverage',
                    one.coverage
                      .map((cover) => cover.insurance_provider ?? cover.plan?.text)
                      .filter(Boolean)
                      .join('; '),
                  ],
                  ['Allergies', substancesOf(one)],
                  ...(seesSchedule ? [['Next visit', <NextVisit key="v" id={id} />] as const] : []),
                ]}
              />
              <p className="dim" style={{ margin: 0, fontSize: '0.75rem' }}>
                Version {one.version}, changed <Time at={one.updated_at} shape="ago" />. Each tag names the
                place in the message; press it for the source.
              </p>
            </>
          )
        }}
      </Ready>
    </Inspector>
  )
}
