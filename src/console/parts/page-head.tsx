import { useDocumentTitle } from '@mantine/hooks'
import type { ReactNode } from 'react'
import css from './page-head.module.css'

interface PageHeadProps {
  title: string
  /** Shown in the window's title instead of `title` where that would name a person. */
  windowTitle?: string
  trail?: ReactNode
  note?: ReactNode
  children?: ReactNode
}

/** The head of every page; its h1 names the page, and the window's title never names a patient. */
export function PageHead({ title, windowTitle, trail, note, children }: PageHeadProps) {
  useDocumentTitle(`${windowTitle ?? title} · Practice Studio`)
  return (
    <header className={css.head}>
      <div className={css.words}>
        {trail !== undefined && <div className={css.trail}>{trail}</div>}
        <h1>{title}</h1>
        {note !== undefined && <div className={css.note}>{note}</div>}
      </div>
      {children !== undefined && <div className={css.tools}>{children}</div>}
    </header>
  )
}
