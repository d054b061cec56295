import { Loader, useMantineColorScheme } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight } from '@mantine/spotlight'
import {
  IconCalendar,
  IconClockHour4,
  IconCloudDown,
  IconMessage2,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
  type Icon,
} from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { SearchResult } from '../../contract/session.ts'
import { problemFrom } from '../api/http.ts'
import { search } from '../api/queries.ts'
import { chooseZone } from '../time/zone-choice.ts'
import { INTEGRATIONS, PAGES, REVIEW } from './nav.tsx'
import { useSession } from './session.ts'

interface Command {
  label: string
  hint: string
  icon: Icon
  run: () => unknown
}

const ICONS: Record<SearchResult['items'][number]['type'], Icon> = {
  patient: IconUser,
  exchange: IconMessage2,
  appointment: IconCalendar,
}
// prettier-ignore
const MATCHED: Record<string, string> = {
  mrn: 'MRN', name: 'name', date_of_birth: 'date of birth', phone: 'phone', control_id: 'control id', exchange_id: 'exchange id', id: 'id',
}

function useCommands(): Command[] {
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const { permissions } = useSession()
  return [
    ...[...PAGES, ...REVIEW, ...INTEGRATIONS]
      .filter(({ needs }) => permissions.includes(needs))
      .map(({ to, label, hint, icon }) => ({ label, hint, icon, run: () => navigate({ to }) })),
    ...(permissions.includes('exchanges.read')
      ? [
          {
            label: 'Parked messages',
            hint: 'Logs of what needs a person',
            icon: IconSearch,
            run: () => navigate({ to: '/settings/integrations/logs', search: { state: 'parked' } }),
          },
        ]
      : []),
    ...(permissions.includes('connections.read')
      ? [
          {
            label: 'Pulls and drift',
            hint: 'What was read from Cerner, and where the two sides differ',
            icon: IconCloudDown,
            run: () => navigate({ to: '/settings/integrations/cerner/pulls' }),
          },
        ]
      : []),
    { label: 'Light theme', hint: 'Command', icon: IconSun, run: () => setColorScheme('light') },
    { label: 'Dark theme', hint: 'Command', icon: IconMoon, run: () => setColorScheme('dark') },
    {
      label: 'Times in the zone of the site',
      hint: 'Command',
      icon: IconClockHour4,
      run: () => chooseZone('site'),
    },
    { label: 'Times in UTC', hint: 'Command', icon: IconClockHour4, run: () => chooseZone('utc') },
  ]
}

/** ⌘K: pages, commands, and people and messages by any key. What is typed goes into a POST body and nowhere else. */
export function Palette() {
  const [query, setQuery] = useState('')
  const [settled] = useDebouncedValue(query.trim(), 180)
  const navigate = useNavigate()
  const commands = useCommands()
  const live = useQuery({
    queryKey: ['search', settled],
    queryFn: ({ signal }) => search(settled, signal),
    enabled: settled.length >= 2,
    gcTime: 0,
    placeholderData: keepPreviousData,
  })
  const open = (item: SearchResult['items'][number]): unknown =>
    item.type === 'patient'
      ? navigate({ to: '/patients/$id', params: { id: item.id } })
      : item.type === 'exchange'
        ? navigate({ to: '/exchanges/$id', params: { id: item.id } })
        : navigate({ to: '/schedule', search: { at: item.id } })
  const shown = commands.filter(({ label }) => label.toLowerCase().includes(query.trim().toLowerCase()))
  const items = query.trim().length >= 2 ? (live.data?.items ?? []) : []
  const list = useRef<HTMLDivElement>(null)
  const first = items[0]?.id
  // Spotlight chooses its first entry when the words change; answers come later and must not leave Enter without one.
  useEffect(() => {
    if (query === '') return
    list.current?.querySelectorAll('[data-action]').forEach((action, index) => {
      if (index === 0) action.setAttribute('data-selected', 'true')
      else action.removeAttribute('data-selected')
    })
  }, [first, query])
  const waiting = query.trim().length >= 2 && (live.isFetching || settled !== query.trim())
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={['mod + K']} scrollable maxHeight={460}>
      <Spotlight.Search
        placeholder="MRN, name, date of birth, phone, control id, or a page"
        aria-label="Search patients, messages and pages"
        leftSection={<IconSearch size={17} />}
        rightSection={waiting ? <Loader size={15} /> : null}
      />
      <Spotlight.ActionsList ref={list}>
        {items.length > 0 && (
          <Spotlight.ActionsGroup label="Found">
            {items.map((item) => {
              const Sign = ICONS[item.type]
              return (
                <Spotlight.Action
                  key={`${item.type} ${item.id}`}
                  label={item.title}
                  description={`${item.detail} · by ${MATCHED[item.matched] ?? item.matched}`}
                  leftSection={<Sign size={18} stroke={1.6} />}
                  onClick={() => open(item)}
                />
              )
            })}
          </Spotlight.ActionsGroup>
        )}
        {shown.length > 0 && (
          <Spotlight.ActionsGroup label="Go to">
            {shown.map(({ label, hint, icon: Sign, run }) => (
              <Spotlight.Action
                key={label}
                label={label}
                description={hint}
                leftSection={<Sign size={18} stroke={1.6} />}
                onClick={() => run()}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {items.length + shown.length === 0 && (
          <Spotlight.Empty>
            {live.isError
              ? `${problemFrom(live.error).detail} ${problemFrom(live.error).todo}`
              : waiting
                ? 'Searching…'
                : 'Nothing matches. Names are found by their beginning; numbers by the whole of them.'}
          </Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}
