import { Button } from '@mantine/core'
import {
  IconCheck,
  IconCircleDashed,
  IconLoader2,
  IconMinus,
  IconPlayerStop,
  IconX,
  type Icon,
} from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SyncRun, SyncStep } from '../../../contract/sync.ts'
import { stopSync } from '../../api/cerner.ts'
import { ErrorCard } from '../../parts/error-card.tsx'
import { Refused } from '../../parts/states.tsx'
import type { Tone } from '../../parts/state-pill.tsx'
import { Time, useNow } from '../../parts/time.tsx'
import { count, plural } from '../../parts/words.ts'
import css from './sync.module.css'
import { duration, secondsLeft, shareOf, shareOfRun, tookOf } from './sync-model.ts'

// prettier-ignore
export const RUN_KINDS: Record<SyncRun['kind'], { label: string; means: string }> = {
  delta:   { label: 'Changes',      means: 'What changed since the last pull, with a little overlap.' },
  full:    { label: 'Full pull',    means: 'Everything that the settings name, patient by patient.' },
  bulk:    { label: 'Bulk export',  means: 'Files that Cerner makes of a whole group; for the first load.' },
  compare: { label: 'Full compare', means: 'Reads both sides whole, reports where they differ, and mends what is behind here.' },
}
// prettier-ignore
const RUN_STATES: Record<SyncRun['state'], { label: string; tone: Tone; icon: Icon }> = {
  running: { label: 'Running', tone: 'info', icon: IconLoader2 }, done:    { label: 'Done',    tone: 'ok',   icon: IconCheck },
  failed:  { label: 'Failed',  tone: 'bad',  icon: IconX },       stopped: { label: 'Stopped', tone: 'mute', icon: IconMinus },
}
export function RunPill({ state }: { state: SyncRun['state'] }) {
  const { label, tone, icon: Sign } = RUN_STATES[state]
  return (
    <span className="pill" data-tone={tone}>
      <Sign size={13} stroke={2} aria-hidden="true" />
      {label}
    </span>
  )
}

// prettier-ignore
const STEP_STATES: Record<SyncStep['state'], { label: string; icon: Icon }> = {
  waiting: { label: 'waiting', icon: IconCircleDashed }, running: { label: 'running', icon: IconLoader2 }, done: { label: 'done', icon: IconCheck },
  failed: { label: 'failed', icon: IconX }, skipped: { label: 'skipped', icon: IconMinus },
}

function Step({ step }: { step: SyncStep }) {
  const share = shareOf(step)
  const { label, icon: Sign } = STEP_STATES[step.state]
  const percent = Math.round((share ?? 0) * 100)
  return (
    <li className={css.step} data-state={step.state}>
      <span className={css.stepName}>
        <Sign size={14} stroke={2} aria-hidden="true" />
        {step.resource}
      </span>
      <span
        className={css.bar}
        data-unknown={share === null}
        role="progressbar"
        aria-label={`${step.resource}, ${label}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : percent}
      >
        <span style={{ width: share === null ? '100%' : `${percent}%` }} />
      </span>
      <span className={css.stepCount}>
        {step.state === 'waiting' || step.state === 'skipped' ? (
          label
        ) : (
          <>
            {count(step.done)}
            {step.total !== null && ` of ${count(step.total)}`} {step.unit}
          </>
        )}
      </span>
      <span className={css.stepSeen}>
        {step.seen > 0 && (
          <>
            {count(step.seen)} read, {count(step.changed)} new or changed
          </>
        )}
      </span>
      {step.says !== '' && <span className={css.stepSays}>{step.says}</span>}
    </li>
  )
}

export const Steps = ({ run }: { run: SyncRun }) => (
  <ul className={css.steps} aria-label="Resources of the pull">
    {run.steps.map((step) => (
      <Step key={step.resource} step={step} />
    ))}
  </ul>
)

/** The failed or finished end of a run, and what came of it. */
export function RunEnd({ run }: { run: SyncRun }) {
  return (
    <>
      {run.error !== null && <ErrorCard error={run.error} />}
      {run.drift_id !== null && (
        <p className={css.line}>
          <Link
            to="/settings/integrations/cerner/pulls"
            search={{ connection: run.connection_id, drift: run.drift_id }}
          >
            Open the drift report
          </Link>
        </p>
      )}
    </>
  )
}

/** A pull under way: how far each resource is, how fast, and how long still. */
export function RunningCard({ run, mayStop }: { run: SyncRun; mayStop: boolean }) {
  const client = useQueryClient()
  const now = useNow(1_000)
  const stop = useMutation({
    mutationFn: () => stopSync(run.id),
    onSettled: () => client.invalidateQueries({ queryKey: ['sync-runs'] }),
  })
  const left = secondsLeft(run, now)
  const percent = Math.round(shareOfRun(run) * 100)
  return (
    <section className="card" aria-label={`${RUN_KINDS[run.kind].label}, running`}>
      <div className={`cardHead ${css.head}`}>
        <h2>{RUN_KINDS[run.kind].label}</h2>
        <RunPill state={run.state} />
        <span className="dim">
          started <Time at={run.started_at} shape="ago" /> by {run.asked_by}
        </span>
        {mayStop && (
          <Button
            ml="auto"
            size="compact-xs"
            variant="default"
            leftSection={<IconPlayerStop size={13} />}
            loading={stop.isPending}
            onClick={() => stop.mutate()}
          >
            Stop
          </Button>
        )}
      </div>
      <div className="cardBody">
        {stop.isError && <Refused error={stop.error} />}
        <p className={css.pace}>
          <strong>{percent} %</strong>
          <span>{count(run.seen)} read</span>
          <span>{plural(Math.round(run.per_second), 'resource')} a second</span>
          <span>
            {run.steps.length === 0
              ? 'waits for the pull that runs'
              : left === null
                ? 'too early to say how long'
                : `about ${duration(left)} left`}
          </span>
        </p>
        <Steps run={run} />
      </div>
    </section>
  )
}

/** A run that has ended, for the docked preview and its own card on narrow screens. */
export function RunFacts({ run }: { run: SyncRun }) {
  return (
    <>
      <RunEnd run={run} />
      <p className={css.line}>
        {count(run.seen)} read, {count(run.changed)} new or changed, {count(run.per_second)} a second
        {tookOf(run) !== '' && `, in ${tookOf(run)}`}. Asked by {run.asked_by}.
      </p>
      <Steps run={run} />
    </>
  )
}
