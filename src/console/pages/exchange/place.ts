import { createContext, use } from 'react'
import { related } from './link-model.ts'

export type Pane = 'raw' | 'parsed' | 'mapped' | 'request' | 'response'
interface Pointing {
  /** Under the mouse or focused. */
  path: string | null
  /** Pressed; stays until something else is. */
  pinned: string | null
  point: (path: string | null) => void
  pin: (path: string, from: Pane) => void
}
export const PointingContext = createContext<Pointing>({
  path: null,
  pinned: null,
  point: () => undefined,
  pin: () => undefined,
})

/** Properties of anything that stands for a place: hover and focus light it in all panes, a press brings it into view. */
export function usePlace(path: string, pane: Pane) {
  const { path: pointed, pinned, point, pin } = use(PointingContext)
  return {
    'data-path': path,
    'data-lit': related(pointed, path),
    'data-pinned': related(pinned, path),
    onPointerEnter: () => point(path),
    onPointerLeave: () => point(null),
    onFocus: () => point(path),
    onBlur: () => point(null),
    onClick: () => pin(path, pane),
  }
}
