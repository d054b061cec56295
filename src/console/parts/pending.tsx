import { Button } from '@mantine/core'
import { IconAlertTriangle, IconHelpCircle, IconRefresh, IconSend, type Icon } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { PendingChange } from '../../contract/outbound.ts'
import { retry, withdraw } from '../api/booking.ts'
import { problemFrom } from '../api/http.ts'
import { useMay } from '../shell/session.ts'
import { ErrorCard } from './error-card.tsx'
import css from './pending.module.css'
import type { Tone } from './state-pill.tsx'
import { Time } from './time.tsx'
import { fieldName } from './words.ts'

interface Look {
  label: string
  tone: Tone
  icon: Icon
  means: string
}
// prettier-ignore
const LOOKS: Record<PendingChange['state'], Look> = {
  queued:    { label: 'On its way to Cerner', tone: 'info', icon: IconSend,          means: 'Kept here, and sent in a moment. It can still be taken back.' },
  sent:      { label: 'Sent, no answer yet',  tone: 'info', icon: IconSend,          means: 'Cerner has been asked and has not answered yet.' },
  retrying:  { label: 'Trying again',         tone: 'warn', icon: IconRefresh,       means: 'Cerner could not take it. It is tried again by itself.' },
  ambiguous: { label: 'Asking Cerner',        tone: 'warn', icon: IconHelpCircle,    means: 'The answer was lost. Cerner is asked whether it has it, before anything is sent again.' },
  parked:    { label: 'Not at Cerner',        tone: 'bad',  icon: IconAlertTriangle, means: 'Cerner did not take it. A person decides what happens.' },
}
// prettier-ignore
const ACTIONS: Record<PendingChange['action'], string> = {
  book: 'Booking', reschedule: 'Move', cancel: 'Cancellation', check_in: 'Status', person_create: 'New patient',
  person_update: 'Change of demographics', vital_signs: 'Vital signs', document_create: 'Document',
}
const TAKES_BACK: readonly PendingChange['state'][] = ['queued', 'retrying', 'parked']

export const pendingLook = (pending: Pick<PendingChange, 'state'>): Look => LOOKS[pending.state]

/** A change of ours that Cerner does not have yet. Told by word and sign. */
export function PendingPill({ pending }: { pending: Pick<PendingChange, 'state'> }) {
  const { label, tone, icon: Sign, means } = LOOKS[pending.state]
  return (
    <span className="pill" data-tone={tone} title={means}>
      <Sign size={13} stroke={2} aria-hidden="true" />
      {label}
    </span>
  )
}

/** Everything that shows the two sides is asked for again after a change was sent or taken back. */
export function useRefreshSides(): () => Promise<unknown> {
  const client = useQueryClient()
  return () =>
    Promise.all(
      ['appointments', 'patient', 'conflicts', 'slots', 'exchange', 'exchanges'].map((key) =>
        client.invalidateQueries({ queryKey: [key] }),
      ),
    )
}

/** A pending change with what is wrong with it and the ways on: try again, take back, the message, the conflict. */
export function PendingCard({ pending, children }: { pending: PendingChange; children?: ReactNode }) {
  const refresh = useRefreshSides()
  const seesLog = useMay('exchanges.read')
  const seesConflicts = useMay('conflicts.read')
  const mayWrite = useMayChange(pending.action)
  const again = useMutation({ mutationFn: () => retry(pending.exchange_id), onSettled: refresh })
  const back = useMutation({ mutationFn: () => withdraw(pending.exchange_id), onSettled: refresh })
  const failed = again.error ?? back.error
  const problem = failed === null ? null : problemFrom(failed)
  return (
    <section className={css.card} aria-label={`${ACTIONS[pending.action]}: ${LOOKS[pending.state].label}`}>
      <div className={css.head}>
        <strong>{ACTIONS[pending.action]}</strong>
        <PendingPill pending={pending} />
        <span className="dim">
          <Time at={pending.since} shape="ago" />
        </span>
      </div>
      <p className={css.means}>
        {LOOKS[pending.state].means}
        {pending.action === 'person_update' && pending.fields.length > 0 && (
          <> Fields: {pending.fields.map(fieldName).join(', ')}.</>
        )}
      </p>
      {pending.error !== null && <ErrorCard error={pending.error} />}
      {problem !== null && (
        <div role="alert">
          <ErrorCard error={{ code: problem.code, says: problem.detail, todo: problem.todo }} />
        </div>
      )}
      <div className={css.ways}>
        {pending.conflict_id !== null && seesConflicts && (
          <Button component={Link} to={`/review/conflicts?at=${pending.conflict_id}`}>
            Decide in Review
          </Button>
        )}
        {children}
        {mayWrite && pending.state === 'parked' && pending.conflict_id === null && (
          <Button variant="default" loading={again.isPending} onClick={() => again.mutate()}>
            Try again
          </Button>
        )}
        {mayWrite && TAKES_BACK.includes(pending.state) && (
          <Button variant="default" loading={back.isPending} onClick={() => back.mutate()}>
            {pending.state === 'queued' ? 'Undo' : 'Take it back'}
          </Button>
        )}
        {seesLog && (
          <Button component={Link} to={`/exchanges/${pending.exchange_id}`} variant="subtle">
            Message
          </Button>
        )}
      </div>
    </section>
  )
}

function useMayChange(action: PendingChange['action']): boolean {
  const [schedule, patients, results] = [
    useMay('schedule.write'),
    useMay('patients.write'),
    useMay('results.write'),
  ]
  if (action === 'person_create' || action === 'person_update') return patients
  return action === 'vital_signs' || action === 'document_create' ? results : schedule
}
