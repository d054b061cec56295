import { Loader, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { patient, search } from '../../api/queries.ts'
import { Refused } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { patientName, sexName } from '../../parts/words.ts'
import { useAge } from '../patients/patients-page.tsx'
import css from './booking.module.css'

/** Finds a person by name, MRN, date of birth or phone. What is typed goes into a POST body and nowhere else. */
export function PatientChoice({
  value,
  onChange,
  fixed = false,
}: {
  value: string | null
  onChange: (id: string | null) => void
  fixed?: boolean
}) {
  const [typed, setTyped] = useState('')
  const [settled] = useDebouncedValue(typed.trim(), 180)
  const chosen = useQuery({ ...patient(value ?? ''), enabled: value !== null })
  const name = chosen.data === undefined ? '' : patientName(chosen.data)
  const query = useQuery({
    queryKey: ['search', settled],
    queryFn: ({ signal }) => search(settled, signal),
    enabled: settled.length >= 2 && settled !== name,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  const found = (query.data?.items ?? []).filter(({ type }) => type === 'patient')
  const options = found.map(({ id, title, detail }) => ({ value: id, label: `${title} · ${detail}` }))
  if (value !== null && !options.some((option) => option.value === value))
    options.unshift({ value, label: name === '' ? 'Chosen patient' : name })
  return (
    <>
      {!fixed && (
        <Select
          label="Patient"
          placeholder="Name, MRN, date of birth or phone"
          size="xs"
          required
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Choose another patient' }}
          autoComplete="off"
          data={options}
          // The server has searched; every answer is shown.
          filter={({ options: all }) => all}
          value={value}
          onChange={onChange}
          searchValue={typed}
          onSearchChange={setTyped}
          nothingFoundMessage={
            settled.length < 2
              ? 'Type at least two letters'
              : query.isFetching
                ? 'Searching …'
                : 'Nobody is found. Whole MRN or phone, or the beginning of a name.'
          }
          rightSection={query.isFetching ? <Loader size={14} /> : undefined}
          data-autofocus={value === null || undefined}
        />
      )}
      {query.isError && <Refused error={query.error} onRetry={() => void query.refetch()} />}
      {value !== null && <Identity id={value} />}
    </>
  )
}

/** Enough to tell two people apart, before anything is booked for one of them. */
function Identity({ id }: { id: string }) {
  const query = useQuery(patient(id))
  const age = useAge()
  if (query.isError) return <Refused error={query.error} onRetry={() => void query.refetch()} />
  const one = query.data
  if (one === undefined) return null
  return (
    <div className={css.identity} role="group" aria-label="Chosen patient">
      <strong>{patientName(one)}</strong>
      <span>
        born <Time at={one.date_of_birth} /> <span className="dim">{age(one.date_of_birth)}</span>
      </span>
      <span>{sexName(one.gender)}</span>
      <span>
        MRN <span className="mono">{one.mrn ?? '–'}</span>
      </span>
      {one.deceased === true && <span className={css.warn}>deceased</span>}
      {!one.active && <span className={css.warn}>inactive record</span>}
    </div>
  )
}
