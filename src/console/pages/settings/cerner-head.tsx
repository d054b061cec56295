import { Button } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCheck,
  IconCircleDashed,
  IconPlugConnected,
  IconPower,
  IconX,
  type Icon,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { CernerStatus } from '../../../contract/cerner.ts'
import type { Connection } from '../../../contract/connections.ts'
import { ErrorCard } from '../../parts/error-card.tsx'
import { Ladder } from '../../parts/ladder.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import type { Tone } from '../../parts/state-pill.tsx'
import { plural } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { runProbe, useProbeRuns } from '../connectivity/probe-runs.ts'
import css from './cerner.module.css'
import { TokenLife } from './token-life.tsx'

interface Look {
  label: string
  tone: Tone
  icon: Icon
  means: string
}
/** How a connection stands, in one word. */
function lookOf(one: Connection, status: CernerStatus): Look {
  if (!one.enabled)
    return {
      label: 'Switched off',
      tone: 'mute',
      icon: IconPower,
      means: 'Nothing is asked of Cerner and nothing is sent.',
    }
  if (status.endpoints === null)
    return {
      label: 'Not set up',
      tone: 'warn',
      icon: IconCircleDashed,
      means: 'The FHIR address is not known yet.',
    }
  if (status.token.state === 'refused')
    return { label: 'Refused', tone: 'bad', icon: IconX, means: 'Cerner gives us no token.' }
  if (status.scopes.some(({ asked, granted }) => asked && granted === false))
    return {
      label: 'Connected, less than asked',
      tone: 'warn',
      icon: IconAlertTriangle,
      means: 'Cerner left out scopes that we asked for.',
    }
  if (status.token.state === 'valid')
    return { label: 'Connected', tone: 'ok', icon: IconCheck, means: 'Cerner knows us and answers.' }
  return { label: 'Ready', tone: 'info', icon: IconCheck, means: 'The next call asks for a token.' }
}

export function CernerHead({ one, status }: { one: Connection; status: CernerStatus }) {
  const look = lookOf(one, status)
  const run = useProbeRuns().get(one.id)
  const allowed = useMay('connections.write')
  const { outbox } = status
  return (
    <section className={`card ${css.head}`} aria-label={`State of ${one.name}`}>
      <div className={css.headRow}>
        <div className={css.headName}>
          <h2>{one.name}</h2>
          <span className="pill" data-tone={look.tone} title={look.means}>
            <look.icon size={13} stroke={2} aria-hidden="true" />
            {look.label}
          </span>
        </div>
        <dl className={css.headFacts}>
          <div>
            <dt>Version</dt>
            <dd>{status.profile.label}</dd>
          </div>
          <div className={css.headToken}>
            <dt>Token</dt>
            <dd>
              <TokenLife token={status.token} />
            </dd>
          </div>
          <div>
            <dt>Waiting to be sent</dt>
            <dd>
              <Link
                to="/settings/integrations/logs"
                search={{ connection_id: one.id, direction: 'out', state: 'queued' }}
              >
                {plural(outbox.queued, 'change')}
              </Link>
              {outbox.parked > 0 && (
                <>
                  {', '}
                  <Link
                    className={css.parked}
                    to="/settings/integrations/logs"
                    search={{ connection_id: one.id, direction: 'out', state: 'parked' }}
                  >
                    {outbox.parked} need a person
                  </Link>
                </>
              )}
            </dd>
          </div>
        </dl>
        <div className={css.headTools}>
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link to="/settings/integrations/logs" search={{ connection_id: one.id }} {...props} />
            )}
          >
            Calls
          </Button>
          <Button
            leftSection={<IconPlugConnected size={14} />}
            disabled={!allowed}
            loading={run?.running === true}
            onClick={() => void runProbe(one.id)}
          >
            Test connection
          </Button>
        </div>
      </div>
      {status.token.error !== null && status.token.state === 'refused' && (
        <div className={css.headNote}>
          <ErrorCard error={status.token.error} />
        </div>
      )}
      <div aria-live="polite">
        {run !== undefined && (
          <div className={css.headNote}>
            {run.running ? (
              <Loading rows={4} label="Testing the connection" />
            ) : run.problem !== null ? (
              <Failed problem={run.problem} onRetry={() => void runProbe(one.id)} />
            ) : run.result !== null ? (
              <>
                <Ladder key={run.at} {...run.result} />
                <p className={css.after}>
                  <Link to="/settings/integrations/connectivity" search={{ connection: one.id }}>
                    Earlier tests, and this one as text
                  </Link>
                </p>
              </>
            ) : null}
          </div>
        )}
      </div>
    </section>
  )
}
