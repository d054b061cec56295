import { Button, Select, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { SchedulingOptions, Slot } from '../../../contract/scheduling.ts'
import { slots } from '../../api/booking.ts'
import { Loading, Refused } from '../../parts/states.tsx'
import { useSession } from '../../shell/session.ts'
import { addDays, formatDate, isCalendarDate, zonedInstant, zonedParts } from '../../time/zone.ts'
import css from './booking.module.css'
import {
  freeDays,
  nearest,
  needsZone,
  onClockOf,
  slotText,
  zoneNameAt,
  type FreeDay,
  type FreeTime,
} from './slots-model.ts'

/** What is looked for. It stays as it is when a search fails or a time is taken. */
export interface SlotFilters {
  serviceType: string | null
  date: string
  location: string | null
  practitioner: string | null
}
const DAYS = 7

interface PickerProps {
  options: SchedulingOptions
  filters: SlotFilters
  onFilters: (next: SlotFilters) => void
  chosen: Slot | null
  onChoose: (slot: Slot) => void
  /** An instant whose next free time is brought into view. */
  near?: string | undefined
}

export function SlotPicker(props: PickerProps) {
  const { options, filters, onFilters } = props
  const site = useSession().practice.time_zone
  const today = zonedParts(Date.now(), site).date
  const set = (next: Partial<SlotFilters>): void => onFilters({ ...filters, ...next })
  return (
    <div className={css.picker}>
      <div className={css.filters}>
        <Select
          label="Appointment type"
          placeholder="Choose a type"
          size="xs"
          searchable
          required
          value={filters.serviceType}
          onChange={(serviceType) => set({ serviceType })}
          data={options.service_types.map(({ value, text }) => ({ value, label: text }))}
        />
        <TextInput
          label="From"
          type="date"
          size="xs"
          min={today}
          value={filters.date}
          onChange={(event) => {
            const date = event.currentTarget.value
            if (isCalendarDate(date)) set({ date })
          }}
        />
        <Select
          label="Location"
          placeholder="Any"
          size="xs"
          clearable
          clearButtonProps={{ 'aria-label': 'Any location' }}
          value={filters.location}
          onChange={(location) => set({ location })}
          data={options.locations.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <Select
          label="Provider"
          placeholder="Any"
          size="xs"
          clearable
          searchable
          clearButtonProps={{ 'aria-label': 'Any provider' }}
          value={filters.practitioner}
          onChange={(practitioner) => set({ practitioner })}
          data={options.practitioners.map(({ id, name }) => ({ value: id, label: name }))}
        />
      </div>
      {filters.serviceType === null ? (
        <p className={css.hint}>Choose an appointment type to see its free times.</p>
      ) : (
        <FreeTimes {...props} serviceType={filters.serviceType} today={today} />
      )}
    </div>
  )
}

function FreeTimes({
  options,
  filters,
  onFilters,
  chosen,
  onChoose,
  near,
  serviceType,
  today,
}: PickerProps & { serviceType: string; today: string }) {
  const site = useSession().practice.time_zone
  const zone = options.locations.find(({ id }) => id === filters.location)?.time_zone ?? site
  const viewer = Intl.DateTimeFormat().resolvedOptions().timeZone
  // What has begun is not free; the moment is held, so that one search stays one search.
  const [opened] = useState(() => new Date().toISOString())
  const dayStart = zonedInstant(filters.date, 0, zone)
  const query = useQuery(
    slots({
      service_type: serviceType,
      from: dayStart < opened ? opened : dayStart,
      to: zonedInstant(addDays(filters.date, DAYS), 0, zone),
      ...(filters.location === null ? {} : { location_id: filters.location }),
      ...(filters.practitioner === null ? {} : { practitioner_id: filters.practitioner }),
    }),
  )
  const days = freeDays(query.data ?? [], filters.date, DAYS, viewer)
  const count = days.reduce((sum, { times }) => sum + times.length, 0)
  const go = (by: number): void => {
    const date = addDays(filters.date, by)
    onFilters({ ...filters, date: date < today ? today : date })
  }
  return (
    <section aria-label="Free times">
      <div className={css.window}>
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconChevronLeft size={13} />}
          disabled={filters.date <= today}
          onClick={() => go(-DAYS)}
        >
          Earlier
        </Button>
        <span role="status">
          {query.isPending
            ? 'Asking Cerner …'
            : query.isError
              ? ''
              : `${count} free from ${formatDate(filters.date, { month: 'short', day: 'numeric' })} to ${formatDate(addDays(filters.date, DAYS - 1), { month: 'short', day: 'numeric' })}`}
        </span>
        <Button
          variant="default"
          size="compact-xs"
          rightSection={<IconChevronRight size={13} />}
          onClick={() => go(DAYS)}
        >
          Later
        </Button>
      </div>
      {query.isError ? (
        <Refused error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Loading rows={6} label="Loading free times" />
      ) : count === 0 ? (
        <p className={css.hint}>
          Nothing is free in these seven days. Look later, or at another provider or location.
        </p>
      ) : (
        <>
          <Days
            days={days}
            chosen={chosen}
            onChoose={onChoose}
            near={near}
            says={{
              who: filters.practitioner === null,
              where: filters.location === null && options.locations.length > 1,
            }}
          />
          {days.some(({ times }) => times.some(({ mine }) => mine !== null)) && (
            <p className={css.legend}>
              Times are those of the location; “yours” is your own clock ({zoneNameAt(opened, viewer)}).
            </p>
          )}
        </>
      )}
    </section>
  )
}

/** What each time tells besides its clock: nothing that is the same for all. */
interface Says {
  who: boolean
  where: boolean
}

/** Arrow keys walk the times: up and down in a day, left and right between days. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const [row, column] = (event.key === 'ArrowDown' && [1, 0]) ||
    (event.key === 'ArrowUp' && [-1, 0]) ||
    (event.key === 'ArrowRight' && [0, 1]) ||
    (event.key === 'ArrowLeft' && [0, -1]) || [0, 0]
  if ((row === 0 && column === 0) || !(event.target instanceof HTMLElement)) return
  const days = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-day]')]
    .map((day) => [...day.querySelectorAll<HTMLElement>('button')])
    .filter((day) => day.length > 0)
  const from = days.findIndex((day) => day.includes(event.target as HTMLElement))
  const at = days[from]?.indexOf(event.target) ?? -1
  const day = days[Math.max(0, Math.min(days.length - 1, from + (column ?? 0)))]
  const next = day?.[Math.max(0, Math.min(day.length - 1, at + (row ?? 0)))]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function Days({
  days,
  chosen,
  onChoose,
  near,
  says,
}: {
  days: FreeDay[]
  chosen: Slot | null
  onChoose: (slot: Slot) => void
  near: string | undefined
  says: Says
}) {
  const zones = needsZone(days)
  const hinted = near === undefined ? undefined : nearest(days, near)?.id
  const first = chosen?.id ?? hinted ?? days.find(({ times }) => times.length > 0)?.times[0]?.slot.id
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (hinted !== undefined)
      box.current?.querySelector('[data-near="true"]')?.scrollIntoView({ block: 'center' })
  }, [hinted])
  return (
    <div ref={box} className={css.days} onKeyDown={walk}>
      {days.map(({ date, times }) => (
        <div
          key={date}
          className={css.day}
          data-day={date}
          data-empty={times.length === 0}
          role="group"
          aria-label={formatDate(date, { weekday: 'long', month: 'long', day: 'numeric' })}
        >
          <div className={css.dayHead}>
            <strong>{formatDate(date, { weekday: 'short', month: 'short', day: 'numeric' })}</strong>
            <small>
              {times.length === 0 ? 'none free' : zones ? `${times.length} free` : (times[0]?.zoneName ?? '')}
            </small>
          </div>
          <div className={css.times}>
            {times.map((time) => (
              <TimeButton
                key={time.slot.id}
                time={time}
                zones={zones}
                says={says}
                pressed={time.slot.id === chosen?.id}
                near={time.slot.id === hinted}
                focusable={time.slot.id === first}
                onChoose={() => onChoose(time.slot)}
              />
            ))}
          </div>
        </div>
      ))}
    </div>
  )
}

function TimeButton({
  time: { slot, clock, zoneName, mine },
  zones,
  says,
  pressed,
  near,
  focusable,
  onChoose,
}: {
  time: FreeTime
  zones: boolean
  says: Says
  pressed: boolean
  near: boolean
  focusable: boolean
  onChoose: () => void
}) {
  const who = slot.practitioner?.name ?? ''
  return (
    <button
      type="button"
      className={css.time}
      aria-pressed={pressed}
      data-near={near}
      tabIndex={focusable ? 0 : -1}
      onClick={onChoose}
      title={[slotText(slot), who, slot.location?.name].filter(Boolean).join(' · ')}
      aria-label={[
        slotText(slot),
        mine === null
          ? ''
          : `your clock ${onClockOf(slot.start, slot.time_zone, Intl.DateTimeFormat().resolvedOptions().timeZone)}`,
        who,
        slot.location?.name,
      ]
        .filter(Boolean)
        .join(', ')}
    >
      <span className={css.clock}>
        {clock}
        {zones && <small> {zoneName}</small>}
      </span>
      {mine !== null && <span className={css.mine}>yours {mine}</span>}
      {says.who && who !== '' && <span className={css.who}>{who}</span>}
      {says.where && slot.location !== null && <span className={css.who}>{slot.location.name}</span>}
    </button>
  )
}
