import { Kbd, Modal } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { keyIsFree } from '../parts/use-row-keys.ts'
import { INTEGRATIONS, PAGES, REVIEW } from './nav.tsx'
import { useSession } from './session.ts'

/** `?` for help and `g` + letter for pages; single keys act only while nobody types. */
export function useShellKeys(toggleHelp: () => void): void {
  const navigate = useNavigate()
  const { permissions } = useSession()
  const armed = useRef(0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!keyIsFree(event)) return
      const now = performance.now()
      if (event.key === '?') toggleHelp()
      else if (event.key === 'g') armed.current = now
      else if (now - armed.current < 1_200) {
        armed.current = 0
        const page = [...PAGES, ...REVIEW, ...INTEGRATIONS].find(
          ({ key, needs }) => key === event.key && permissions.includes(needs),
        )
        if (page === undefined) return
        event.preventDefault()
        event.stopImmediatePropagation()
        void navigate({ to: page.to })
      }
    }
    // Capturing, so that the letter after `g` does not also act on the page.
    document.addEventListener('keydown', onKey, { capture: true })
    return () => document.removeEventListener('keydown', onKey, { capture: true })
  }, [navigate, permissions, toggleHelp])
}

const KEYS: [keys: string[], does: string][] = [
  [['Ctrl', 'K'], 'Search and commands'],
  [['?'], 'This help'],
  ...[...PAGES, ...REVIEW, ...INTEGRATIONS].map(({ key, label }): [string[], string] => [
    ['g', key],
    `Go to ${label}`,
  ]),
  [['j'], 'Next row'],
  [['k'], 'Row before'],
  [['Enter'], 'Open the row'],
  [['←', '→'], 'Day or week before, after (Schedule)'],
  [['t'], 'Today (Schedule)'],
  [['d'], 'Day view (Schedule)'],
  [['w'], 'Week view (Schedule)'],
  [['b'], 'Book an appointment (Schedule)'],
  [['1'], 'Keep our side of the chosen conflict'],
  [['2'], 'Take Cerner’s side of it'],
  [['Esc'], 'Close'],
]

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keyboard"
      size="sm"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <table className="grid">
        <tbody>
          {KEYS.map(([keys, does]) => (
            <tr key={does}>
              <td className="nowrap">
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </td>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  )
}
