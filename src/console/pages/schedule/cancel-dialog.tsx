import { Button, Modal, Select, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Appointment } from '../../../contract/appointments.ts'
import type { SchedulingOptions } from '../../../contract/scheduling.ts'
import { cancel, schedulingOptions } from '../../api/booking.ts'
import { useRefreshSides } from '../../parts/pending.tsx'
import { Ready } from '../../parts/states.tsx'
import { useSession } from '../../shell/session.ts'
import css from './booking.module.css'
import { SendProblem } from './send-problem.tsx'
import { noticeSent } from './sent-notice.tsx'
import { slotText } from './slots-model.ts'

export function CancelDialog({ one, onClose }: { one: Appointment | undefined; onClose: () => void }) {
  const options = useQuery({ ...schedulingOptions, enabled: one !== undefined })
  return (
    <Modal
      opened={one !== undefined}
      onClose={onClose}
      title="Cancel this appointment"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {one !== undefined && (
        <Ready query={options} rows={4}>
          {(known) => <CancelForm key={one.id} one={one} reasons={known.cancel_reasons} onClose={onClose} />}
        </Ready>
      )}
    </Modal>
  )
}

function CancelForm({
  one,
  reasons,
  onClose,
}: {
  one: Appointment
  reasons: SchedulingOptions['cancel_reasons']
  onClose: () => void
}) {
  const zone = useSession().practice.time_zone
  const client = useQueryClient()
  const refresh = useRefreshSides()
  const [code, setCode] = useState<string | null>(null)
  const [comment, setComment] = useState('')
  const reason = reasons.find((entry) => `${entry.system}|${entry.code}` === code)
  const send = useMutation({
    mutationFn: (why: NonNullable<typeof reason>) =>
      cancel(one.id, { version: one.version, reason: why, comment: comment.trim() }),
    onSuccess: (made) => {
      noticeSent('Cancelled here', made.exchange_id, refresh)
      client.setQueryData(['appointments', 'one', one.id], made.appointment)
      void refresh()
      onClose()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (reason !== undefined) send.mutate(reason)
  }
  return (
    <form className={css.form} onSubmit={submit}>
      <div className={css.identity}>
        <strong>{one.patient_name ?? 'Name not shown to your role'}</strong>
        <span>{one.appointment_type}</span>
        {one.start_time !== null && (
          <span>
            {slotText({
              start: one.start_time,
              end: one.end_time ?? one.start_time,
              time_zone: one.time_zone ?? zone,
            })}
          </span>
        )}
      </div>
      <Select
        label="Reason"
        description="The list is Cerner’s"
        placeholder="Choose a reason"
        size="xs"
        required
        data-autofocus
        value={code}
        onChange={setCode}
        data={reasons.map((entry) => ({ value: `${entry.system}|${entry.code}`, label: entry.text }))}
      />
      <Textarea
        label="Comment"
        size="xs"
        autosize
        minRows={2}
        maxLength={255}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      {send.isError && (
        <SendProblem
          error={send.error}
          onReload={() => {
            send.reset()
            void refresh()
          }}
          onRetry={() => reason !== undefined && send.mutate(reason)}
        />
      )}
      <div className={css.footButtons}>
        <Button variant="default" onClick={onClose}>
          Keep it
        </Button>
        <Button type="submit" color="brick" disabled={reason === undefined} loading={send.isPending}>
          Cancel the appointment
        </Button>
      </div>
    </form>
  )
}
