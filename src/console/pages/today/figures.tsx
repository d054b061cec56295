import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import css from './today.module.css'

export const Figures = ({ children }: { children: ReactNode }) => (
  <div className={`card ${css.figures}`}>{children}</div>
)

interface FigureProps {
  label: string
  value: string
  unit: string
  tone?: 'warn' | 'bad'
  live?: boolean
  to?: Pick<LinkProps, 'to' | 'search'>
}
export function Figure({ label, value, unit, tone, live = false, to }: FigureProps) {
  const inside = (
    <>
      <span className={css.figureLabel}>
        {live && <span className={css.pulse} aria-hidden="true" />}
        {label}
      </span>
      <span className={css.figureValue} data-tone={tone}>
        {value}
      </span>
      <span className={css.figureUnit}>{unit}</span>
    </>
  )
  return to === undefined ? (
    <div className={css.figure}>{inside}</div>
  ) : (
    <Link className={css.figure} {...to}>
      {inside}
    </Link>
  )
}
