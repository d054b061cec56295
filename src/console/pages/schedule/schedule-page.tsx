import { ActionIcon, Button, Drawer, SegmentedControl, Select, Switch } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { DatePicker } from '@mantine/dates'
import { IconCalendarPlus, IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Appointment } from '../../../contract/appointments.ts'
import { appointment, schedule } from '../../api/queries.ts'
import { Inspector, useIsWide } from '../../parts/inspector.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { NothingMatches, NothingYet, Ready } from '../../parts/states.tsx'
import { keyIsFree } from '../../parts/use-row-keys.ts'
import { personName } from '../../parts/words.ts'
import type { ScheduleSearch } from '../../router.tsx'
import { useMay, useSession } from '../../shell/session.ts'
import { addDays, formatDate, weekStart, zonedInstant, zonedParts } from '../../time/zone.ts'
import { AppointmentDetails } from './appointment-details.tsx'
import { BookDrawer, type BookStart } from './book-drawer.tsx'
import { CancelDialog } from './cancel-dialog.tsx'
import { MoveDrawer } from './move-drawer.tsx'
import { Agenda, Grid, type Column } from './grid.tsx'
import css from './schedule.module.css'
import { WeekTable } from './week.tsx'

type Change = Partial<ScheduleSearch>

function useScheduleKeys(
  day: string,
  view: 'day' | 'week',
  change: (to: Change) => void,
  book: (() => void) | undefined,
): void {
  useEffect(() => {
    const step = view === 'day' ? 1 : 7
    const acts: Record<string, Change> = {
      ArrowLeft: { day: addDays(day, -step) },
      ArrowRight: { day: addDays(day, step) },
      t: { day: undefined },
      d: { view: 'day' },
      w: { view: 'week' },
    }
    const onKey = (event: KeyboardEvent): void => {
      const act = acts[event.key]
      if (event.key === 'b' && book !== undefined && keyIsFree(event)) {
        event.preventDefault()
        book()
        return
      }
      // Arrows belong to the calendar and to menus while these hold the focus.
      const held =
        event.target instanceof HTMLElement &&
        event.target.closest('table, [role="menu"], [role="listbox"], [role="radiogroup"]') !== null
      if (act === undefined || !keyIsFree(event) || (held && event.key.startsWith('Arrow'))) return
      event.preventDefault()
      change({ ...act, at: undefined })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [day, view, change, book])
}

const providerKey = (one: Appointment): string => one.provider_id ?? one.provider?.id ?? ''
const providerTitle = (one: Appointment): string =>
  personName(one.provider) || one.provider_id || 'No provider'

function columnsOf(shown: Appointment[], day: string, view: 'day' | 'week', zone: string): Column[] {
  if (view === 'week')
    return Array.from({ length: 7 }, (_, index) => addDays(weekStart(day), index)).map((date) => ({
      key: date,
      title: formatDate(date, { weekday: 'short', month: 'short', day: 'numeric' }),
      date,
      appointments: shown.filter(
        (one) => one.start_time !== null && zonedParts(one.start_time, zone).date === date,
      ),
    }))
  const groups = Map.groupBy(shown, providerKey)
  return [...groups]
    .map(([key, appointments]) => ({
      key,
      practitioner: key === '' ? undefined : key,
      title: appointments[0] === undefined ? '' : providerTitle(appointments[0]),
      date: day,
      appointments,
    }))
    .sort((a, b) => a.title.localeCompare(b.title))
}

export function SchedulePage() {
  const zone = useSession().practice.time_zone
  const search = useSearch({ from: '/schedule' })
  const navigate = useNavigate({ from: '/schedule' })
  const today = zonedParts(Date.now(), zone).date
  // A link from a message names only the appointment; its day follows from it.
  const linked = useQuery({ ...appointment(search.at ?? ''), enabled: search.at !== undefined })
  const linkedStart = linked.data?.start_time
  const linkedDay =
    search.day === undefined && typeof linkedStart === 'string'
      ? zonedParts(linkedStart, zone).date
      : undefined
  const day = search.day ?? linkedDay ?? today
  const view = search.view ?? 'day'
  const [from, days] = view === 'day' ? [day, 1] : [weekStart(day), 7]
  const query = useQuery({
    ...schedule(zonedInstant(from, 0, zone), zonedInstant(addDays(from, days), 0, zone)),
    // The live stream tells of an answer; asking again is for those who have no stream.
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.pending !== null) === true ? 4_000 : false,
  })
  const change = (to: Change): void =>
    void navigate({ search: { ...search, ...to }, replace: true, resetScroll: false })
  const [start, setStart] = useState<BookStart>({})
  const book = (from: BookStart): void => {
    setStart(from)
    change({ act: 'book', for: from.patientId })
  }
  const mayBook = useMay('schedule.write')
  useScheduleKeys(day, view, change, mayBook ? () => book({ date: day }) : undefined)
  const wide = useIsWide()
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false })
  const all = query.data ?? []
  const providers = [...new Map(all.map((one) => [providerKey(one), providerTitle(one)]))].sort((a, b) =>
    a[1].localeCompare(b[1]),
  )
  const shown = all.filter(
    (one) =>
      (search.provider === undefined || providerKey(one) === search.provider) &&
      (search.cancelled !== 'hide' || one.status !== 'cancelled'),
  )
  const columns = columnsOf(shown, day, view, zone)
  const chosen = all.find((one) => one.id === search.at) ?? linked.data
  const title =
    view === 'day'
      ? formatDate(day, { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' })
      : `Week of ${formatDate(from, { month: 'long', day: 'numeric', year: 'numeric' })}`
  const step = view === 'day' ? 1 : 7
  const done = (): void => change({ act: undefined, for: undefined })
  const details =
    chosen === undefined ? null : (
      <AppointmentDetails
        one={chosen}
        acts={{
          onMove: () => change({ act: 'move', at: chosen.id, day }),
          onCancel: () => change({ act: 'cancel', at: chosen.id, day }),
          onReplace: () => book({ date: day, replaces: chosen }),
        }}
      />
    )
  const acting = (act: ScheduleSearch['act'], step: 'move' | 'cancel'): Appointment | undefined =>
    mayBook && search.act === act && chosen?.steps.includes(step) === true ? chosen : undefined
  const Body = narrow ? Agenda : Grid
  return (
    <>
      <PageHead
        title="Schedule"
        note={
          <>
            {title}, in the time of the practice ({zone})
          </>
        }
      >
        {mayBook && (
          <Button
            leftSection={<IconCalendarPlus size={15} aria-hidden="true" />}
            aria-keyshortcuts="b"
            onClick={() => book({ date: day })}
          >
            Book
          </Button>
        )}
        <ActionIcon
          variant="default"
          size={30}
          aria-label={view === 'day' ? 'Day before' : 'Week before'}
          onClick={() => change({ day: addDays(day, -step), at: undefined })}
        >
          <IconChevronLeft size={16} />
        </ActionIcon>
        <Button
          variant="default"
          disabled={day === today}
          onClick={() => change({ day: undefined, at: undefined })}
        >
          Today
        </Button>
        <ActionIcon
          variant="default"
          size={30}
          aria-label={view === 'day' ? 'Day after' : 'Week after'}
          onClick={() => change({ day: addDays(day, step), at: undefined })}
        >
          <IconChevronRight size={16} />
        </ActionIcon>
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={view}
          onChange={(value) => change({ view: value === 'week' ? 'week' : 'day' })}
          data={[
            { value: 'day', label: 'Day' },
            { value: 'week', label: 'Week' },
          ]}
        />
        <Select
          size="xs"
          w={170}
          aria-label="Provider"
          placeholder="All providers"
          clearable
          clearButtonProps={{ 'aria-label': 'All providers' }}
          value={search.provider ?? null}
          onChange={(value) => change({ provider: value ?? undefined })}
          data={providers.filter(([key]) => key !== '').map(([value, label]) => ({ value, label }))}
        />
        <Switch
          size="xs"
          label="Cancelled"
          checked={search.cancelled !== 'hide'}
          onChange={(event) => change({ cancelled: event.currentTarget.checked ? undefined : 'hide' })}
        />
      </PageHead>
      <div className={css.page} data-docked={wide}>
        <div className={css.body}>
          <Ready query={query} rows={14}>
            {() =>
              shown.length > 0 ? (
                view === 'week' && !narrow && search.provider === undefined && providers.length > 1 ? (
                  <div className="card">
                    <WeekTable
                      providers={providers}
                      appointments={(key) => shown.filter((one) => providerKey(one) === key)}
                      monday={from}
                      today={today}
                      zone={zone}
                      onOpen={(to, provider) =>
                        change({
                          day: to,
                          view: 'day',
                          provider: provider === '' ? undefined : provider,
                          at: undefined,
                        })
                      }
                    />
                  </div>
                ) : (
                  <div className={narrow ? css.agendas : `card ${css.gridCard}`}>
                    <Body
                      columns={columns}
                      zone={zone}
                      today={today}
                      chosen={search.at}
                      onChoose={(id) => change({ at: id, day })}
                      onFree={
                        mayBook
                          ? ({ date, practitioner }, minute) =>
                              book({ date, minute, practitioner: practitioner ?? search.provider })
                          : undefined
                      }
                    />
                  </div>
                )
              ) : (
                <div className="card">
                  {all.length > 0 ? (
                    <NothingMatches onClear={() => change({ provider: undefined, cancelled: undefined })}>
                      There are appointments, but none for this choice.
                    </NothingMatches>
                  ) : (
                    <NothingYet
                      title={view === 'day' ? 'Nothing booked on this day' : 'Nothing booked in this week'}
                      action={
                        mayBook && (
                          <Button variant="default" onClick={() => book({ date: day })}>
                            Book an appointment
                          </Button>
                        )
                      }
                    >
                      Appointments come with SIU messages from Cerner, or are booked here.
                    </NothingYet>
                  )}
                </div>
              )
            }
          </Ready>
        </div>
        {wide && (
          <div className={css.side}>
            <div className={`card ${css.calendar}`}>
              <DatePicker
                size="xs"
                hideOutsideDates
                weekendDays={[]}
                value={day}
                date={day}
                onDateChange={(date) => change({ day: date })}
                onChange={(date) => date !== null && change({ day: date, at: undefined })}
                firstDayOfWeek={0}
                ariaLabels={{
                  nextMonth: 'Next month',
                  previousMonth: 'Month before',
                  monthLevelControl: 'Choose a month',
                  nextYear: 'Next year',
                  previousYear: 'Year before',
                  yearLevelControl: 'Choose a year',
                  nextDecade: 'Next decade',
                  previousDecade: 'Decade before',
                }}
                getDayProps={(date) =>
                  date === today ? { 'aria-current': 'date', className: css.today } : {}
                }
              />
            </div>
            {details !== null && (
              <Inspector
                label="Appointment"
                title={<strong>Appointment</strong>}
                onClose={() => change({ at: undefined, day })}
              >
                {details}
              </Inspector>
            )}
          </div>
        )}
      </div>
      {!wide && (
        <Drawer
          opened={details !== null && search.act === undefined}
          onClose={() => change({ at: undefined, day })}
          position={narrow ? 'bottom' : 'right'}
          title="Appointment"
          closeButtonProps={{ 'aria-label': 'Close' }}
        >
          <div className={css.drawerBody}>{details}</div>
        </Drawer>
      )}
      {mayBook && (
        <BookDrawer
          opened={search.act === 'book'}
          start={{ date: day, ...start, ...(search.for === undefined ? {} : { patientId: search.for }) }}
          onClose={done}
          onBooked={({ appointment: made }) => {
            const at = made.start_time === null ? day : zonedParts(made.start_time, zone).date
            change({ act: undefined, for: undefined, day: at, at: made.id })
          }}
        />
      )}
      <MoveDrawer one={acting('move', 'move')} onClose={done} />
      <CancelDialog one={acting('cancel', 'cancel')} onClose={done} />
    </>
  )
}
