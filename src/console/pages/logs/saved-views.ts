import { useState } from 'react'
import type { LogSearch } from '../../router.tsx'

/** Named filters of the log. Only what may stand in an address is kept; an MRN never is. */
export interface SavedView {
  name: string
  search: LogSearch
}
const KEY = 'practice-studio.views.logs'

function read(): SavedView[] {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(stored)
      ? (stored as SavedView[]).filter((view) => typeof view?.name === 'string')
      : []
  } catch {
    return []
  }
}

export function useSavedViews() {
  const [views, setViews] = useState(read)
  const put = (next: SavedView[]): void => {
    window.localStorage.setItem(KEY, JSON.stringify(next))
    setViews(next)
  }
  return {
    views,
    save: (view: SavedView) => put([...views.filter(({ name }) => name !== view.name), view]),
    remove: (gone: string) => put(views.filter(({ name }) => name !== gone)),
  }
}
