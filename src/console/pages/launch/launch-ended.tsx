import { Button } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { BrandMark } from '../../parts/brand.tsx'
import css from './launch.module.css'

/** A launch that is over, as a whole page: why, and what to do. Nothing of the patient is left on the screen. */
export function LaunchEnded({ says = '', onRetry }: { says?: string; onRetry?: () => void }) {
  useDocumentTitle('Launch ended · Practice Studio')
  return (
    <main className={css.ended}>
      <div className={`card ${css.endedCard}`} role="alert">
        <span className={css.endedIcon} aria-hidden="true">
          <IconPlugConnectedX size={26} stroke={1.5} />
        </span>
        <h1>This session with the chart has ended</h1>
        <p>{says === '' ? 'Nobody is signed in here, or the time of the launch is over.' : says}</p>
        <p>
          <strong>What to do:</strong> close this window or tab in the chart, and open Practice Studio from
          the patient again. Changes already sent are on their way; nothing is lost.
        </p>
        {onRetry !== undefined && (
          <Button variant="default" onClick={onRetry}>
            Check again
          </Button>
        )}
        <p className={css.endedBrand}>
          <BrandMark size={18} /> Practice Studio
        </p>
      </div>
    </main>
  )
}
