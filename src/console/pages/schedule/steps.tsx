import { Button } from '@mantine/core'
import { IconArrowsMove, IconCheck, IconDoorEnter, IconX } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Appointment } from '../../../contract/appointments.ts'
import type { StatusRequest } from '../../../contract/scheduling.ts'
import { setStatus } from '../../api/booking.ts'
import { PendingCard, useRefreshSides } from '../../parts/pending.tsx'
import { useMay } from '../../shell/session.ts'
import css from './schedule.module.css'
import { SendProblem } from './send-problem.tsx'
import { noticeSent } from './sent-notice.tsx'

// prettier-ignore
const STATUSES: [status: StatusRequest['status'], label: string, said: string][] = [
  ['arrived', 'Arrived', 'Marked as arrived'], ['checked-in', 'Check in', 'Checked in'], ['fulfilled', 'Complete', 'Completed'],
]

export interface AppointmentActs {
  onMove: () => void
  onCancel: () => void
  /** Books anew in place of a booking that Cerner did not take. */
  onReplace: () => void
}

/** What may be done with an appointment at Cerner from here, as its `steps` and the role allow. */
export function Steps({ one, acts }: { one: Appointment; acts: AppointmentActs }) {
  const mayWrite = useMay('schedule.write')
  const client = useQueryClient()
  const refresh = useRefreshSides()
  const send = useMutation({
    mutationFn: ([status]: (typeof STATUSES)[number]) => setStatus(one.id, { version: one.version, status }),
    onSuccess: (made, [, , said]) => {
      noticeSent(said, made.exchange_id, refresh)
      client.setQueryData(['appointments', 'one', one.id], made.appointment)
      void refresh()
    },
  })
  const statuses = STATUSES.filter(([status]) => one.steps.includes(status))
  return (
    <>
      {one.pending !== null && (
        <PendingCard pending={one.pending}>
          {mayWrite && one.pending.action === 'book' && one.pending.state === 'parked' && (
            <Button onClick={acts.onReplace}>Choose another time</Button>
          )}
        </PendingCard>
      )}
      {mayWrite && one.steps.length > 0 && (
        <div className={css.steps} role="group" aria-label="Change it at Cerner">
          {statuses.map((entry) => (
            <Button
              key={entry[0]}
              variant="light"
              leftSection={
                entry[0] === 'fulfilled' ? (
                  <IconCheck size={14} aria-hidden="true" />
                ) : (
                  <IconDoorEnter size={14} aria-hidden="true" />
                )
              }
              loading={send.isPending && send.variables?.[0] === entry[0]}
              disabled={send.isPending}
              onClick={() => send.mutate(entry)}
            >
              {entry[1]}
            </Button>
          ))}
          {one.steps.includes('move') && (
            <Button
              variant="default"
              leftSection={<IconArrowsMove size={14} aria-hidden="true" />}
              onClick={acts.onMove}
            >
              Move
            </Button>
          )}
          {one.steps.includes('cancel') && (
            <Button
              variant="default"
              leftSection={<IconX size={14} aria-hidden="true" />}
              onClick={acts.onCancel}
            >
              Cancel
            </Button>
          )}
        </div>
      )}
      {send.isError && (
        <SendProblem
          error={send.error}
          onReload={() => {
            send.reset()
            void refresh()
          }}
          onRetry={() => send.variables !== undefined && send.mutate(send.variables)}
        />
      )}
    </>
  )
}
