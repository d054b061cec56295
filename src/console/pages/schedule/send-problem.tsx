import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { problemFrom } from '../../api/http.ts'
import { ErrorCard } from '../../parts/error-card.tsx'
import { useMay } from '../../shell/session.ts'

/** Codes after which other free times are the way on; what was entered stays. */
const TAKEN = new Set(['FHIR_SLOT_TAKEN', 'APPOINTMENT_OVERLAP', 'FHIR_RULE_BROKEN'])
const OFF = new Set(['PROFILE_FORBIDS', 'ROAD_OFF'])
const STALE = new Set(['VERSION_CONFLICT', 'FHIR_VERSION_STALE'])

/** A change that was refused, in its place, with the next step. */
export function SendProblem({
  error,
  onSearchAgain,
  onRetry,
  onReload,
}: {
  error: unknown
  onSearchAgain?: () => void
  onRetry?: () => void
  onReload?: () => void
}) {
  const seesSettings = useMay('connections.read')
  const problem = problemFrom(error)
  const again = problem.status === 0 || problem.status >= 500 || problem.status === 429
  return (
    <div role="alert">
      <ErrorCard error={{ code: problem.code, says: problem.detail, todo: problem.todo }}>
        {TAKEN.has(problem.code) && onSearchAgain !== undefined && (
          <Button size="compact-sm" onClick={onSearchAgain}>
            Search again
          </Button>
        )}
        {STALE.has(problem.code) && onReload !== undefined && (
          <Button size="compact-sm" onClick={onReload}>
            Load the newer version
          </Button>
        )}
        {again && onRetry !== undefined && (
          <Button size="compact-sm" onClick={onRetry}>
            Try again
          </Button>
        )}
        {OFF.has(problem.code) && seesSettings && (
          <Link to="/settings/integrations/cerner">Open the Cerner settings</Link>
        )}
      </ErrorCard>
    </div>
  )
}
