import {
  IconAlertTriangle,
  IconCheck,
  IconChevronRight,
  IconCircleDashed,
  IconMinus,
  IconX,
} from '@tabler/icons-react'
import { useId, useState } from 'react'
import type { ProbeResult } from '../../contract/connections.ts'
import { CopyButton } from './copy.tsx'
import css from './ladder.module.css'

type Rung = ProbeResult['steps'][number]
export const RUNG_LOOKS = {
  passed: { icon: IconCheck, label: 'Passed', tone: 'ok' },
  warning: { icon: IconAlertTriangle, label: 'Warning', tone: 'warn' },
  failed: { icon: IconX, label: 'Failed', tone: 'bad' },
  skipped: { icon: IconMinus, label: 'Not tried', tone: 'mute' },
} as const
// prettier-ignore
export const ACTORS: Record<NonNullable<Rung['acts']>, string> = {
  practice: 'This practice', network: 'The network team', cerner: 'The Cerner team', nobody: 'Nobody',
}
const NOT_REACHED = { icon: IconCircleDashed, label: 'Not reached', tone: 'mute' } as const

/** The rung that somebody has to look at: the first that failed, else the first that warns. */
export const firstTrouble = (steps: readonly Rung[]): number => {
  const failed = steps.findIndex(({ outcome }) => outcome === 'failed')
  return failed >= 0 ? failed : steps.findIndex(({ outcome }) => outcome === 'warning')
}

function Step({ step, reached, start }: { step: Rung; reached: boolean; start: boolean }) {
  const [open, setOpen] = useState(start)
  const id = useId()
  const look = reached || step.outcome !== 'skipped' ? RUNG_LOOKS[step.outcome] : NOT_REACHED
  const acts = step.acts !== undefined && step.acts !== 'nobody' ? ACTORS[step.acts] : null
  return (
    <li data-outcome={step.outcome} data-reached={reached} className={css.rung}>
      <span className={css.sign}>
        <look.icon size={14} stroke={2.4} aria-hidden="true" />
      </span>
      <div className={css.words}>
        <button
          type="button"
          className={css.head}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <IconChevronRight size={14} className={css.chevron} aria-hidden="true" />
          <span className={css.name}>{step.name}</span>
          <span className={css.outcome}>{look.label}</span>
          {step.took_ms !== undefined && <span className={css.took}>{Math.round(step.took_ms)} ms</span>}
        </button>
        <div id={id} hidden={!open} className={css.details}>
          {step.evidence !== '' && <p className={css.evidence}>{step.evidence}</p>}
          <p>{step.meaning}</p>
          {step.remedy !== '' && step.outcome !== 'passed' && (
            <p>
              <strong>What to do:</strong> {step.remedy}
            </p>
          )}
          {acts !== null && step.outcome !== 'passed' && (
            <p>
              <strong>Who acts:</strong> {acts}
            </p>
          )}
          {step.ticket !== undefined && step.ticket !== '' && (
            <CopyButton text={step.ticket} what="ticket text" label="Copy ticket text" />
          )}
        </div>
      </div>
    </li>
  )
}

/** A connectivity test as a ladder: what holds, where it breaks, and what was therefore not reached. */
export function Ladder({ steps }: ProbeResult) {
  const failed = steps.findIndex(({ outcome }) => outcome === 'failed')
  const trouble = firstTrouble(steps)
  return (
    <ol className={css.ladder} aria-label="Rungs of the test">
      {steps.map((step, index) => (
        <Step
          key={`${index} ${step.name} ${step.outcome}`}
          step={step}
          reached={failed < 0 || index <= failed}
          start={index === trouble}
        />
      ))}
    </ol>
  )
}
