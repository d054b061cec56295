import { SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { createContext, use, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { DecodedExchange, DecodedNode } from '../../../contract/exchanges.ts'
import { fieldName, valueText } from '../../parts/words.ts'
import { piecesOf, related } from './link-model.ts'
import css from './panes.module.css'

interface Pointing {
  /** Under the mouse or focused. */
  path: string | null
  /** Pressed; stays until something else is. */
  pinned: string | null
  point: (path: string | null) => void
  pin: (path: string, from: Pane) => void
}
type Pane = 'raw' | 'parsed' | 'mapped'
const PointingContext = createContext<Pointing>({
  path: null,
  pinned: null,
  point: () => undefined,
  pin: () => undefined,
})

/** Properties of anything that stands for a place: hover and focus light it in all panes, a press brings it into view. */
function usePlace(path: string, pane: Pane) {
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

function RawPiece({ text, path }: { text: string; path: string }) {
  return (
    <span className={css.piece} {...usePlace(path, 'raw')}>
      {text}
    </span>
  )
}

function Raw({ decoded }: { decoded: DecodedExchange }) {
  return (
    <div className={css.raw}>
      {decoded.segments.map((segment, line) => (
        <div key={`${segment.path} ${line}`} className={css.rawLine}>
          <span className={css.lineNumber} aria-hidden="true">
            {line + 1}
          </span>
          <code>
            {piecesOf(decoded.text, segment).map(({ text, path }, index) =>
              path === null ? (
                <span key={index} className={css.between}>
                  {text}
                </span>
              ) : (
                <RawPiece key={index} text={text} path={path} />
              ),
            )}
          </code>
        </div>
      ))}
      {decoded.segments.length === 0 && <code>{decoded.text}</code>}
    </div>
  )
}

function TreeRow({ node, depth }: { node: DecodedNode; depth: number }) {
  const place = usePlace(node.path, 'parsed')
  return (
    <>
      <button
        type="button"
        className={css.treeRow}
        style={{ paddingLeft: 8 + depth * 14 }}
        {...place}
        aria-pressed={place['data-pinned']}
      >
        <span className={css.path}>{node.path}</span>
        <span className={css.nodeName}>{node.name}</span>
        <span className={css.nodeValue}>{node.cleared === true ? <em>cleared</em> : node.value}</span>
      </button>
      {node.children?.map((child, index) => (
        <TreeRow key={`${child.path} ${index}`} node={child} depth={depth + 1} />
      ))}
    </>
  )
}

function Segment({ segment }: { segment: DecodedNode }) {
  const [open, setOpen] = useState(true)
  return (
    <div>
      <button type="button" className={css.segment} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={css.path}>{segment.path}</span> {segment.name}
      </button>
      {open &&
        segment.children?.map((child, index) => (
          <TreeRow key={`${child.path} ${index}`} node={child} depth={0} />
        ))}
    </div>
  )
}

function MappedRow({ row }: { row: DecodedExchange['mapped'][number] }) {
  const place = usePlace(row.place, 'mapped')
  return (
    <button type="button" className={css.mappedRow} {...place} aria-pressed={place['data-pinned']}>
      <span className={css.nodeName}>{fieldName(row.field)}</span>
      <span className={css.mappedValue}>{valueText(row.value) || <em className="dim">cleared</em>}</span>
      <span className="place">{row.place}</span>
    </button>
  )
}

function Mapped({ decoded }: { decoded: DecodedExchange }) {
  const records = [...new Set(decoded.mapped.map(({ record }) => record))]
  if (records.length === 0) return <p className={css.none}>Nothing was mapped.</p>
  return records.map((record) => (
    <div key={record}>
      <p className={css.record}>{record}</p>
      {decoded.mapped
        .filter((row) => row.record === record)
        .map((row, index) => (
          <MappedRow key={`${row.field} ${index}`} row={row} />
        ))}
    </div>
  ))
}

const PANES: [Pane, string][] = [
  ['raw', 'Raw'],
  ['parsed', 'Parsed'],
  ['mapped', 'Mapped'],
]

/** Raw ↔ parsed ↔ mapped: pointing at a place in one pane lights it in the others. */
export function Panes({ decoded, start }: { decoded: DecodedExchange; start: string | null }) {
  const [path, point] = useState<string | null>(null)
  const [pinned, setPinned] = useState<string | null>(start)
  const [shown, setShown] = useState<Pane>('raw')
  const box = useRef<HTMLDivElement>(null)
  const narrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false })
  const show = (target: string, from: Pane | null): void => {
    for (const [pane] of PANES) {
      if (pane === from) continue
      const scroller = box.current?.querySelector<HTMLElement>(`[data-pane="${pane}"]`)
      const found = [...(scroller?.querySelectorAll<HTMLElement>('[data-path]') ?? [])].find((one) =>
        related(one.dataset['path'] ?? '', target),
      )
      if (scroller === null || scroller === undefined || found === undefined) continue
      const gap = found.getBoundingClientRect().top - scroller.getBoundingClientRect().top
      if (gap < 0 || gap > scroller.clientHeight - 40) scroller.scrollTop += gap - scroller.clientHeight / 3
    }
  }
  useEffect(() => {
    if (start !== null) show(start, null)
  }, [start])
  const pin = (next: string, from: Pane): void => {
    setPinned(next)
    show(next, from)
  }
  const pointing = useMemo(() => ({ path, pinned, point, pin }), [path, pinned])
  const panes = {
    raw: <Raw decoded={decoded} />,
    parsed: decoded.segments.map((segment, index) => <Segment key={index} segment={segment} />),
    mapped: <Mapped decoded={decoded} />,
  }
  return (
    <PointingContext value={pointing}>
      {narrow && (
        <SegmentedControl
          fullWidth
          size="xs"
          m="sm"
          aria-label="Part of the message"
          value={shown}
          onChange={(value) => setShown(value)}
          data={PANES.map(([value, label]) => ({ value, label }))}
        />
      )}
      <div ref={box} className={css.panes}>
        {PANES.filter(([pane]) => !narrow || pane === shown).map(([pane, label]) => (
          <section key={pane} className={css.pane} aria-label={`${label} message`}>
            {!narrow && <h3>{label}</h3>}
            <div
              className={css.scroller}
              data-pane={pane}
              tabIndex={0}
              role="group"
              aria-label={`${label}, scrollable`}
              onKeyDown={arrows}
            >
              {panes[pane]}
            </div>
          </section>
        ))}
      </div>
    </PointingContext>
  )
}

/** Arrows walk the rows of a pane. */
function arrows(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('button')]
  const next = rows[rows.indexOf(document.activeElement as HTMLElement) + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
