import { SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { DecodedExchange, DecodedNode } from '../../../contract/exchanges.ts'
import { fieldName, valueText } from '../../parts/words.ts'
import { HttpHalf, JsonTree, shapeOf, type Shape } from './json-view.tsx'
import { piecesOf, related } from './link-model.ts'
import css from './panes.module.css'
import { PointingContext, usePlace, type Pane } from './place.ts'

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

/** Which panes there are, in order: a message in three, a resource beside what came of it, a call in its two halves. */
function panesOf(shape: Shape, decoded: DecodedExchange): [Pane, string][] {
  const mapped: [Pane, string][] = decoded.mapped.length > 0 ? [['mapped', 'Mapped']] : []
  if (shape.kind === 'http') return [['request', 'Request'], ['response', 'Answer'], ...mapped]
  // The tree is the JSON itself. A resource that was read has segments; a change of ours has none and maps to nothing.
  if (shape.kind === 'json')
    return [
      ['raw', 'JSON'],
      ...(decoded.segments.length > 0 ? [['mapped', 'Mapped'] as [Pane, string]] : mapped),
    ]
  return [
    ['raw', 'Raw'],
    ['parsed', 'Parsed'],
    ['mapped', 'Mapped'],
  ]
}

function draw(pane: Pane, shape: Shape, decoded: DecodedExchange): ReactNode {
  if (pane === 'mapped') return <Mapped decoded={decoded} />
  if (shape.kind === 'http' && (pane === 'request' || pane === 'response'))
    return <HttpHalf part={shape.call[pane]} pane={pane} />
  if (shape.kind === 'json' && pane === 'raw') return <JsonTree root={shape.root} pane={pane} />
  if (pane === 'raw') return <Raw decoded={decoded} />
  return decoded.segments.map((segment, index) => <Segment key={index} segment={segment} />)
}

/** Raw ↔ parsed ↔ mapped: pointing at a place in one pane lights it in the others. */
export function Panes({ decoded, start }: { decoded: DecodedExchange; start: string | null }) {
  const [path, point] = useState<string | null>(null)
  const [pinned, setPinned] = useState<string | null>(start)
  const shape = useMemo(() => shapeOf(decoded.text), [decoded.text])
  const list = panesOf(shape, decoded)
  const [chosen, setShown] = useState<Pane>('raw')
  const shown = list.some(([pane]) => pane === chosen) ? chosen : list[0]?.[0]
  const box = useRef<HTMLDivElement>(null)
  const narrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false })
  const show = (target: string, from: Pane | null): void => {
    for (const [pane] of list) {
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
          data={list.map(([value, label]) => ({ value, label }))}
        />
      )}
      <div ref={box} className={css.panes} data-count={list.length} data-shape={shape.kind}>
        {list
          .filter(([pane]) => !narrow || pane === shown)
          .map(([pane, label]) => (
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
                {draw(pane, shape, decoded)}
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
