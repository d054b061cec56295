import { Button, Drawer, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Appointment } from '../../../contract/appointments.ts'
import type { SchedulingOptions, Slot } from '../../../contract/scheduling.ts'
import { move, schedulingOptions } from '../../api/booking.ts'
import { useRefreshSides } from '../../parts/pending.tsx'
import { Ready } from '../../parts/states.tsx'
import { useSession } from '../../shell/session.ts'
import { zonedParts } from '../../time/zone.ts'
import { ChosenTime, practitionerOf, serviceTypeOf } from './book-drawer.tsx'
import css from './booking.module.css'
import { SendProblem } from './send-problem.tsx'
import { noticeSent } from './sent-notice.tsx'
import { SlotPicker, type SlotFilters } from './slot-picker.tsx'
import { slotText } from './slots-model.ts'

export function MoveDrawer({ one, onClose }: { one: Appointment | undefined; onClose: () => void }) {
  const options = useQuery({ ...schedulingOptions, enabled: one !== undefined })
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false })
  return (
    <Drawer
      opened={one !== undefined}
      onClose={onClose}
      position="right"
      size={narrow ? '100%' : 820}
      title="Move to another time"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {one !== undefined && (
        <Ready query={options} rows={8}>
          {(known) => <MoveForm key={one.id} one={one} options={known} onClose={onClose} />}
        </Ready>
      )}
    </Drawer>
  )
}

function MoveForm({
  one,
  options,
  onClose,
}: {
  one: Appointment
  options: SchedulingOptions
  onClose: () => void
}) {
  const site = useSession().practice.time_zone
  const zone = one.time_zone ?? site
  const today = zonedParts(Date.now(), site).date
  const day = one.start_time === null ? today : zonedParts(one.start_time, zone).date
  const client = useQueryClient()
  const refresh = useRefreshSides()
  const [filters, setFilters] = useState<SlotFilters>({
    serviceType: serviceTypeOf(options, one),
    date: day < today ? today : day,
    location: null,
    practitioner: practitionerOf(options, one.provider_id ?? undefined),
  })
  const [slot, setSlot] = useState<Slot | null>(null)
  const [reason, setReason] = useState('')
  const send = useMutation({
    mutationFn: (to: Slot) =>
      move(one.id, {
        version: one.version,
        slot: {
          id: to.id,
          start: to.start,
          end: to.end,
          location: to.location,
          practitioner: to.practitioner,
        },
        reason: reason.trim(),
      }),
    onSuccess: (made) => {
      noticeSent('Moved here', made.exchange_id, refresh)
      client.setQueryData(['appointments', 'one', one.id], made.appointment)
      void refresh()
      onClose()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (slot !== null) send.mutate(slot)
  }
  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <div className={css.identity}>
        <strong>{one.patient_name ?? 'Name not shown to your role'}</strong>
        <span>{one.appointment_type}</span>
        <span>
          now{' '}
          {one.start_time === null
            ? 'without a time'
            : slotText({ start: one.start_time, end: one.end_time ?? one.start_time, time_zone: zone })}
        </span>
      </div>
      <SlotPicker
        options={options}
        filters={filters}
        onFilters={(next) => {
          setFilters(next)
          setSlot(null)
        }}
        chosen={slot}
        onChoose={(next) => {
          setSlot(next)
          send.reset()
        }}
        near={one.start_time ?? undefined}
      />
      <TextInput
        label="Reason for moving"
        size="xs"
        maxLength={255}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {send.isError && (
        <SendProblem
          error={send.error}
          onSearchAgain={() => {
            setSlot(null)
            send.reset()
            void client.invalidateQueries({ queryKey: ['slots'] })
          }}
          onReload={() => {
            send.reset()
            void refresh()
          }}
          onRetry={() => slot !== null && send.mutate(slot)}
        />
      )}
      <div className={css.foot}>
        <ChosenTime slot={slot} missing="Choose a free time" />
        <div className={css.footButtons}>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button type="submit" disabled={slot === null} loading={send.isPending}>
            Move
          </Button>
        </div>
      </div>
    </form>
  )
}
