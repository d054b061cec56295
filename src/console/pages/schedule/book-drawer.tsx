import { Button, Drawer, Textarea, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import type { Appointment } from '../../../contract/appointments.ts'
import type { AppointmentChange, SchedulingOptions, Slot } from '../../../contract/scheduling.ts'
import { book, schedulingOptions, withdraw } from '../../api/booking.ts'
import { NothingYet, Ready } from '../../parts/states.tsx'
import { useRefreshSides } from '../../parts/pending.tsx'
import { useSession } from '../../shell/session.ts'
import { zonedInstant, zonedParts } from '../../time/zone.ts'
import css from './booking.module.css'
import { newRequestId } from './request-id.ts'
import { PatientChoice } from './patient-choice.tsx'
import { SendProblem } from './send-problem.tsx'
import { noticeSent } from './sent-notice.tsx'
import { SlotPicker, type SlotFilters } from './slot-picker.tsx'
import { onClockOf, slotText } from './slots-model.ts'

/** Where the booking starts: a free stretch that was pressed, a patient, or a booking that Cerner did not take. */
export interface BookStart {
  date?: string
  minute?: number
  practitioner?: string
  patientId?: string
  /** A parked booking that the new one replaces: it is taken back first. */
  replaces?: Appointment
}

interface DrawerProps {
  opened: boolean
  start: BookStart
  onClose: () => void
  onBooked: (made: AppointmentChange) => void
}

export function BookDrawer({ opened, start, onClose, onBooked }: DrawerProps) {
  const options = useQuery({ ...schedulingOptions, enabled: opened })
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false })
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={narrow ? '100%' : 820}
      title="Book an appointment at Cerner"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && (
        <Ready query={options} rows={8}>
          {(known) =>
            known.connections.some(({ can_book: can }) => can) ? (
              <BookForm options={known} start={start} onClose={onClose} onBooked={onBooked} />
            ) : (
              <CannotBook options={known} />
            )
          }
        </Ready>
      )}
    </Drawer>
  )
}

function CannotBook({ options }: { options: SchedulingOptions }) {
  return (
    <NothingYet title={options.connections.length === 0 ? 'No Cerner connection yet' : 'Booking is off'}>
      {options.connections.length === 0
        ? 'An analyst sets one up in Settings > Integrations > Cerner.'
        : options.connections.map(({ id, name, reason }) => (
            <p key={id}>
              {name}: {reason}
            </p>
          ))}
    </NothingYet>
  )
}

/** The practitioner of the options that a column of the grid stands for, by id or by name. */
export const practitionerOf = (options: SchedulingOptions, hint: string | undefined): string | null =>
  options.practitioners.find(({ id, name }) => id === hint || name === hint)?.id ?? null

/** `system|code` of the options that an appointment's service stands for. */
export const serviceTypeOf = (options: SchedulingOptions, one: Appointment | undefined): string | null => {
  const { code, system, text } = one?.service ?? {}
  const found = options.service_types.find(
    (type) =>
      type.value === `${system}|${code}` ||
      (text !== undefined && type.text === text) ||
      type.text === one?.appointment_type,
  )
  return found?.value ?? null
}

function BookForm({
  options,
  start,
  onClose,
  onBooked,
}: Omit<DrawerProps, 'opened'> & { options: SchedulingOptions }) {
  const site = useSession().practice.time_zone
  const today = zonedParts(Date.now(), site).date
  const client = useQueryClient()
  const refresh = useRefreshSides()
  const { replaces } = start
  const [patientId, setPatientId] = useState<string | null>(start.patientId ?? replaces?.patient_id ?? null)
  const [filters, setFilters] = useState<SlotFilters>({
    serviceType: serviceTypeOf(options, replaces),
    date: start.date === undefined || start.date < today ? today : start.date,
    location: null,
    practitioner: practitionerOf(options, start.practitioner ?? replaces?.provider_id ?? undefined),
  })
  const [slot, setSlot] = useState<Slot | null>(null)
  const [reason, setReason] = useState(replaces?.reason ?? '')
  const [comment, setComment] = useState(replaces?.notes ?? '')
  const [requestId, setRequestId] = useState(newRequestId)
  // Once is enough, also when the booking after it has to be tried again.
  const takenBack = useRef(false)
  const send = useMutation({
    mutationFn: async ({ to, whom }: { to: Slot; whom: string }) => {
      const old = replaces?.pending
      // What replaces a parked booking takes it back first, so that never two are on their way.
      if (old !== undefined && old !== null && !takenBack.current) await withdraw(old.exchange_id)
      takenBack.current = true
      return book({
        connection_id: to.connection_id,
        patient_id: whom,
        slot: {
          id: to.id,
          start: to.start,
          end: to.end,
          location: to.location,
          practitioner: to.practitioner,
        },
        service_type: to.service_type,
        reason: reason.trim(),
        comment: comment.trim(),
        request_id: requestId,
      })
    },
    onSuccess: (made) => {
      noticeSent('Booked here', made.exchange_id, refresh)
      client.setQueryData(['appointments', 'one', made.appointment.id], made.appointment)
      void refresh()
      onBooked(made)
    },
  })
  const choose = (next: Slot): void => {
    setSlot(next)
    setRequestId(newRequestId())
    send.reset()
  }
  const searchAgain = (): void => {
    setSlot(null)
    send.reset()
    void client.invalidateQueries({ queryKey: ['slots'] })
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (slot !== null && patientId !== null) send.mutate({ to: slot, whom: patientId })
  }
  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <fieldset className={css.step}>
        <legend>Who</legend>
        <PatientChoice
          value={patientId}
          onChange={(id) => {
            setPatientId(id)
            setRequestId(newRequestId())
          }}
        />
      </fieldset>
      <fieldset className={css.step}>
        <legend>What and when</legend>
        <SlotPicker
          options={options}
          filters={filters}
          onFilters={(next) => {
            setFilters(next)
            setSlot(null)
          }}
          chosen={slot}
          onChoose={choose}
          near={
            start.minute === undefined || start.date === undefined
              ? undefined
              : zonedInstant(start.date, start.minute, site)
          }
        />
      </fieldset>
      <fieldset className={css.step}>
        <legend>Why</legend>
        <TextInput
          label="Reason"
          description="Goes to Cerner as the reason of the visit"
          size="xs"
          maxLength={255}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Textarea
          label="Comment"
          size="xs"
          autosize
          minRows={1}
          maxLength={255}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
      </fieldset>
      {send.isError && (
        <SendProblem
          error={send.error}
          onSearchAgain={searchAgain}
          onRetry={() => slot !== null && patientId !== null && send.mutate({ to: slot, whom: patientId })}
        />
      )}
      <div className={css.foot}>
        <ChosenTime slot={slot} missing={patientId === null ? 'Choose a patient' : 'Choose a free time'} />
        <div className={css.footButtons}>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button type="submit" disabled={slot === null || patientId === null} loading={send.isPending}>
            Book
          </Button>
        </div>
      </div>
    </form>
  )
}

/** The chosen time on both clocks, told also to those who do not see it. */
export function ChosenTime({ slot, missing }: { slot: Slot | null; missing: string }) {
  const viewer = Intl.DateTimeFormat().resolvedOptions().timeZone
  const mine = slot === null ? null : onClockOf(slot.start, slot.time_zone, viewer)
  return (
    <div className={css.sum} role="status">
      {slot === null ? (
        <span className="dim">{missing}</span>
      ) : (
        <>
          <strong>{slotText(slot)}</strong>
          <small>
            {[slot.practitioner?.name, slot.location?.name, mine === null ? '' : `${mine} on your clock`]
              .filter(Boolean)
              .join(' · ')}
          </small>
        </>
      )}
    </div>
  )
}
