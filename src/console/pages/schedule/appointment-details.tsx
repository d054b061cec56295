import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Appointment } from '../../../contract/appointments.ts'
import { Facts } from '../../parts/inspector.tsx'
import { AppointmentPill } from '../../parts/state-pill.tsx'
import { Time, ZoneName } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { fieldName, personName } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { useZone } from '../../time/zone-choice.ts'
import css from './schedule.module.css'
import { onClockOf } from './slots-model.ts'
import { Steps, type AppointmentActs } from './steps.tsx'

/** Details of one appointment with where each is from, and the ways to its patient and its messages. */
export function AppointmentDetails({ one, acts }: { one: Appointment; acts: AppointmentActs }) {
  const { zone } = useZone()
  const seesLog = useMay('exchanges.read')
  const seesPatients = useMay('patients.read')
  const there =
    one.start_time === null || one.time_zone === null ? null : onClockOf(one.start_time, zone, one.time_zone)
  const row = (label: string, field: string, value: React.ReactNode) =>
    [
      label,
      value === null || value === undefined || value === '' ? null : (
        <span key={field} className={css.sourced}>
          <span>{value}</span>
          <WhereFrom field={fieldName(field)} from={one.provenance[field]} />
        </span>
      ),
    ] as const
  return (
    <>
      <div className={css.detailHead}>
        <strong className={one.status === 'cancelled' ? 'struck' : undefined}>
          {one.patient_name ?? 'Name not shown to your role'}
        </strong>
        <AppointmentPill status={one.status} />
      </div>
      <Steps one={one} acts={acts} />
      <Facts
        rows={[
          row(
            'Starts',
            'start_time',
            <>
              <Time at={one.start_time} /> <ZoneName />
              {there !== null && <small className={css.there}>{there} at the location</small>}
            </>,
          ),
          row('Ends', 'end_time', one.end_time === null ? null : <Time at={one.end_time} shape="time" />),
          row('Type', 'appointment_type', one.appointment_type),
          row('Provider', 'provider', personName(one.provider) || one.provider_id),
          row('Where', 'location_id', one.location_id),
          row('Reason', 'reason', one.reason),
          row('Service', 'service', one.service?.text ?? one.service?.code),
          row('Notes', 'notes', one.notes),
          ...(one.cancel_reason === null
            ? []
            : [row('Cancelled', 'cancel_reason', one.cancel_reason.text ?? one.cancel_reason.code)]),
          [
            'Filler id',
            one.external_id === null ? null : (
              <span key="f" className="mono">
                {one.external_id}
              </span>
            ),
          ],
          [
            'Placer id',
            one.placer_id === null ? null : (
              <span key="p" className="mono">
                {one.placer_id}
              </span>
            ),
          ],
          ['Version', one.version],
        ]}
      />
      <div className={css.ways}>
        {one.patient_id !== null && seesPatients && (
          <Button component={Link} to={`/patients/${one.patient_id}`} variant="light">
            Patient
          </Button>
        )}
        {seesLog && (
          <Button component={Link} to={`/settings/integrations/logs?record_id=${one.id}`} variant="default">
            Messages about it
          </Button>
        )}
      </div>
    </>
  )
}
