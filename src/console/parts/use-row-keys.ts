import { useEffect, type RefObject } from 'react'

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
/** True when a single key may act: nobody is typing and no dialog is open. */
export const keyIsFree = (event: KeyboardEvent): boolean =>
  !event.defaultPrevented &&
  !event.metaKey &&
  !event.ctrlKey &&
  !event.altKey &&
  !typing(event.target) &&
  document.querySelector('[role="dialog"][aria-modal="true"]') === null

/**
 * Keyboard rows: j/k anywhere on the page, arrows inside the table, Home and End. Moves the focus between the row
 * links, so Enter opens as everywhere; focusing a row chooses it for the inspector.
 */
export function useRowKeys(table: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!keyIsFree(event) || table.current === null) return
      const inside = table.current.contains(document.activeElement)
      const step =
        event.key === 'j' || (inside && event.key === 'ArrowDown')
          ? 1
          : event.key === 'k' || (inside && event.key === 'ArrowUp')
            ? -1
            : inside && event.key === 'Home'
              ? -Infinity
              : inside && event.key === 'End'
                ? Infinity
                : 0
      if (step === 0) return
      const links = [...table.current.querySelectorAll<HTMLElement>('[data-row-link]')]
      const chosen = links.findIndex((link) => link === document.activeElement)
      const from =
        chosen >= 0 ? chosen : links.findIndex((link) => link.closest('[data-chosen="true"]') !== null)
      const next = links[Math.max(0, Math.min(links.length - 1, from + step))]
      if (next === undefined) return
      event.preventDefault()
      next.focus()
      next.scrollIntoView({ block: 'nearest' })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [table])
}
