import type { CernerStatus } from '../../../contract/cerner.ts'
import { Time, useNow } from '../../parts/time.tsx'
import css from './cerner.module.css'

const WORDS = { none: 'no token yet', valid: 'valid', expired: 'expired', refused: 'refused' } as const

/** How much of a token's life is left; Cerner gives 570 seconds (cerner-fhir-r4.md §2.3). */
export function TokenLife({ token }: { token: CernerStatus['token'] }) {
  const now = useNow(1_000)
  const { obtained_at: from, expires_at: to } = token
  const life = from === null || to === null ? 570 : (Date.parse(to) - Date.parse(from)) / 1_000
  const left = to === null ? 0 : Math.max(0, Math.min(life, (Date.parse(to) - now) / 1_000))
  const state = token.state === 'valid' && left <= 0 ? 'expired' : token.state
  const words =
    state === 'valid'
      ? `${Math.ceil(left)} of ${Math.round(life)} s left`
      : state === 'expired'
        ? 'expired; the next call gets a new one'
        : state === 'none'
          ? 'none yet; the first call gets one'
          : 'refused'
  return (
    <div className={css.token}>
      <div
        className={css.tokenBar}
        data-state={state}
        role="meter"
        aria-label="Token life in seconds"
        aria-valuemin={0}
        aria-valuemax={Math.round(life)}
        aria-valuenow={Math.round(state === 'valid' ? left : 0)}
        aria-valuetext={`${WORDS[state]}, ${words}`}
      >
        <span style={{ width: `${state === 'valid' ? (left / life) * 100 : 0}%` }} />
      </div>
      <span className={css.tokenWords}>
        {words}
        {from !== null && (
          <span className="dim">
            {' '}
            · got <Time at={from} shape="seconds" />
          </span>
        )}
      </span>
    </div>
  )
}
