import { Button, Menu, Select, TextInput } from '@mantine/core'
import { IconBookmark, IconDownload, IconFilterOff, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { urlOf } from '../../api/http.ts'
import { connections, type LogFilters } from '../../api/queries.ts'
import { EXCHANGE_LOOKS } from '../../parts/state-pill.tsx'
import type { LogSearch } from '../../router.tsx'
import { useMay } from '../../shell/session.ts'
import { zonedInstant, zonedParts } from '../../time/zone.ts'
import { useZone } from '../../time/zone-choice.ts'
import css from './logs.module.css'
import { useSavedViews } from './saved-views.ts'

// prettier-ignore
export const RANGES: Record<string, { label: string; minutes: number }> = {
  '15m': { label: 'Last 15 minutes', minutes: 15 },
  '1h':  { label: 'Last hour',       minutes: 60 },
  '24h': { label: 'Last 24 hours',   minutes: 1_440 },
  '7d':  { label: 'Last 7 days',     minutes: 10_080 },
}
// prettier-ignore
const MESSAGES = [
  'ADT', 'ADT^A01', 'ADT^A03', 'ADT^A04', 'ADT^A08', 'ADT^A11', 'ADT^A28', 'ADT^A31', 'ADT^A40',
  'SIU', 'SIU^S12', 'SIU^S13', 'SIU^S14', 'SIU^S15', 'SIU^S26', 'ORU', 'ORU^R01', 'MDM', 'MDM^T02', 'DFT', 'DFT^P03',
]
// prettier-ignore
const CALLS = [
  'GET Patient', 'POST Patient', 'PATCH Patient', 'GET Appointment', 'POST Appointment', 'PATCH Appointment', 'GET Slot',
  'GET Encounter', 'GET Coverage', 'GET Observation', 'POST Observation', 'GET DiagnosticReport', 'GET DocumentReference',
  'POST DocumentReference', 'GET Binary', 'POST token',
]
// prettier-ignore
const RESOURCES = [
  'Patient', 'Appointment', 'Encounter', 'Coverage', 'Observation', 'DiagnosticReport', 'DocumentReference', 'Condition',
  'AllergyIntolerance', 'MedicationRequest', 'Immunization', 'Practitioner', 'Location', 'Organization',
]
const KINDS = [...MESSAGES, ...CALLS, ...RESOURCES]
const KIND_GROUPS = [
  { group: 'HL7 messages', items: MESSAGES },
  { group: 'Calls to Cerner', items: CALLS },
  { group: 'Resources from Cerner', items: RESOURCES },
]

/** The address as the API's filters; a range "last hour" becomes a beginning when the list is asked for. */
export function filtersOf(
  { range, at: _at, ...search }: LogSearch,
  mrn: string,
  openedAt: number,
): LogFilters {
  const minutes = range === undefined ? undefined : RANGES[range]?.minutes
  return {
    ...search,
    ...(minutes === undefined ? {} : { from: new Date(openedAt - minutes * 60_000).toISOString() }),
    ...(mrn === '' ? {} : { mrn }),
  }
}

function Field({
  label,
  value,
  onCommit,
  mono = false,
}: {
  label: string
  value: string
  onCommit: (value: string) => void
  mono?: boolean
}) {
  const [draft, setDraft] = useState(value)
  const commit = (): void => {
    if (draft.trim() !== value) onCommit(draft.trim())
  }
  return (
    <TextInput
      size="xs"
      label={label}
      value={draft}
      autoComplete="off"
      spellCheck={false}
      classNames={mono ? { input: 'mono' } : {}}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit()
      }}
    />
  )
}

/** `2026-11-21T09:30` of a datetime field, read in the zone the page shows. */
const instantOf = (local: string, zone: string): string | undefined => {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(local)
  return found === null
    ? undefined
    : zonedInstant(found[1] ?? '', Number(found[2]) * 60 + Number(found[3]), zone)
}

const localOf = (instant: string | undefined, zone: string): string => {
  if (instant === undefined || Number.isNaN(Date.parse(instant))) return ''
  const { date, minute } = zonedParts(instant, zone)
  return `${date}T${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

interface FiltersProps {
  search: LogSearch
  mrn: string
  onSearch: (change: Partial<LogSearch>) => void
  onMrn: (mrn: string) => void
  onReplace: (search: LogSearch) => void
}
export function Filters({ search, mrn, onSearch, onMrn, onReplace }: FiltersProps) {
  const { zone } = useZone()
  const seesConnections = useMay('connections.read')
  const list = useQuery({ ...connections, enabled: seesConnections })
  const known = list.data ?? []
  const kinds =
    search.kind === undefined || KINDS.includes(search.kind)
      ? KIND_GROUPS
      : [...KIND_GROUPS, { group: 'Others', items: [search.kind] }]
  const custom = search.from !== undefined || search.to !== undefined
  const active = Object.keys(search).filter((key) => key !== 'at').length + (mrn === '' ? 0 : 1)
  return (
    <form
      className={`card ${css.filters}`}
      role="search"
      aria-label="Filter messages"
      onSubmit={(event) => event.preventDefault()}
    >
      <Select
        size="xs"
        label="State"
        placeholder="Any"
        clearable
        clearButtonProps={{ 'aria-label': 'Any state' }}
        value={search.state ?? null}
        onChange={(value) => onSearch({ state: value ?? undefined })}
        data={Object.entries(EXCHANGE_LOOKS).map(([value, { label }]) => ({ value, label }))}
      />
      <Select
        size="xs"
        label="Kind"
        placeholder="Any"
        clearable
        searchable
        clearButtonProps={{ 'aria-label': 'Any kind' }}
        value={search.kind ?? null}
        onChange={(value) => onSearch({ kind: value ?? undefined })}
        data={kinds}
      />
      {seesConnections && (
        <Select
          size="xs"
          label="Connection"
          placeholder="Any"
          clearable
          clearButtonProps={{ 'aria-label': 'Any connection' }}
          value={search.connection_id ?? null}
          onChange={(value) => onSearch({ connection_id: value ?? undefined })}
          data={known.map(({ id, name }) => ({ value: id, label: name }))}
        />
      )}
      <Select
        size="xs"
        label="Direction"
        placeholder="Both"
        clearable
        clearButtonProps={{ 'aria-label': 'Both directions' }}
        value={search.direction ?? null}
        onChange={(value) => onSearch({ direction: value ?? undefined })}
        data={[
          { value: 'in', label: 'In' },
          { value: 'out', label: 'Out' },
        ]}
      />
      <Select
        size="xs"
        label="Time"
        placeholder="Any time"
        clearable
        clearButtonProps={{ 'aria-label': 'Any time' }}
        value={custom ? 'custom' : (search.range ?? null)}
        onChange={(value) =>
          value === 'custom'
            ? onSearch({ range: undefined, from: new Date(Date.now() - 3_600_000).toISOString() })
            : onSearch({ range: value ?? undefined, from: undefined, to: undefined })
        }
        data={[
          ...Object.entries(RANGES).map(([value, { label }]) => ({ value, label })),
          { value: 'custom', label: 'From … to …' },
        ]}
      />
      {custom && <Between search={search} zone={zone} onSearch={onSearch} />}
      <Field
        key={`code ${search.error_code}`}
        label="Error code"
        mono
        value={search.error_code ?? ''}
        onCommit={(value) => onSearch({ error_code: value === '' ? undefined : value.toUpperCase() })}
      />
      <Field
        key={`id ${search.control_id}`}
        label="Control id"
        mono
        value={search.control_id ?? ''}
        onCommit={(value) => onSearch({ control_id: value === '' ? undefined : value })}
      />
      <Field key={`mrn ${mrn}`} label="MRN" mono value={mrn} onCommit={onMrn} />
      <div className={css.tools}>
        {active > 0 && (
          <Button
            variant="subtle"
            leftSection={<IconFilterOff size={14} />}
            onClick={() => {
              onMrn('')
              onReplace({})
            }}
          >
            Clear
          </Button>
        )}
        <Views search={search} onReplace={onReplace} />
        <ExportLink filters={filtersOf(search, mrn, Date.now())} />
      </div>
    </form>
  )
}

function Between({
  search,
  zone,
  onSearch,
}: {
  search: LogSearch
  zone: string
  onSearch: FiltersProps['onSearch']
}) {
  return (['from', 'to'] as const).map((key) => (
    <TextInput
      key={key}
      size="xs"
      type="datetime-local"
      label={`${key === 'from' ? 'From' : 'To'} (${zone})`}
      defaultValue={localOf(search[key], zone)}
      onChange={(event) => onSearch({ [key]: instantOf(event.currentTarget.value, zone) })}
    />
  ))
}

/** The export is a plain link, so it may not carry an MRN: such a list is exported without that filter or not at all. */
function ExportLink({ filters: { mrn, ...filters } }: { filters: LogFilters }): ReactNode {
  if (mrn !== undefined)
    return (
      <Button
        variant="default"
        disabled
        leftSection={<IconDownload size={14} />}
        title="Clear the MRN first: it may not stand in an address"
      >
        CSV
      </Button>
    )
  return (
    <Button
      component="a"
      href={urlOf('/api/exchanges.csv', filters)}
      download="exchanges.csv"
      variant="default"
      leftSection={<IconDownload size={14} />}
    >
      CSV
    </Button>
  )
}

function Views({ search, onReplace }: { search: LogSearch; onReplace: FiltersProps['onReplace'] }) {
  const { views, save, remove } = useSavedViews()
  const [name, setName] = useState('')
  const { at: _at, ...filters } = search
  return (
    <Menu position="bottom-end" width={270} closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconBookmark size={14} />}>
          Views
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Saved views, kept in this browser</Menu.Label>
        {views.length === 0 && <Menu.Item disabled>None yet</Menu.Item>}
        {views.map((view) => (
          <div key={view.name} className={css.view}>
            <Menu.Item closeMenuOnClick onClick={() => onReplace(view.search)}>
              {view.name}
            </Menu.Item>
            <Menu.Item w="auto" aria-label={`Delete view ${view.name}`} onClick={() => remove(view.name)}>
              <IconTrash size={14} />
            </Menu.Item>
          </div>
        ))}
        <Menu.Divider />
        <form
          className={css.saveView}
          onSubmit={(event) => {
            event.preventDefault()
            if (name.trim() !== '') {
              save({ name: name.trim(), search: filters })
              setName('')
            }
          }}
        >
          <TextInput
            size="xs"
            aria-label="Name of the view"
            placeholder="Name these filters"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => event.stopPropagation()}
          />
          <Button type="submit" disabled={name.trim() === ''}>
            Save
          </Button>
        </form>
      </Menu.Dropdown>
    </Menu>
  )
}
