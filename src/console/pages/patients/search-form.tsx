import { Button, TextInput } from '@mantine/core'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import type { PatientSearch } from '../../api/queries.ts'
import { memory } from '../../parts/memory.ts'
import { readDate } from '../../time/zone.ts'
import css from './patients.module.css'

export const searchTerms = memory<PatientSearch>({})

type Draft = Record<keyof PatientSearch, string>
const empty: Draft = { name: '', date_of_birth: '', mrn: '', phone: '' }
const FIELDS: { field: keyof PatientSearch; label: string; placeholder: string }[] = [
  { field: 'name', label: 'Name', placeholder: 'Beginning of names' },
  { field: 'date_of_birth', label: 'Date of birth', placeholder: 'mm/dd/yyyy' },
  { field: 'mrn', label: 'MRN', placeholder: 'Whole number' },
  { field: 'phone', label: 'Phone', placeholder: 'Whole number' },
]

/** Its terms go into a POST body. Empty means the newest patients. */
export function SearchForm() {
  const [terms, setTerms] = searchTerms.use()
  const [draft, setDraft] = useState<Draft>({ ...empty, ...terms })
  const [badDate, setBadDate] = useState(false)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const date = draft.date_of_birth.trim() === '' ? '' : readDate(draft.date_of_birth)
    setBadDate(date === null)
    if (date === null) return
    const next = { ...draft, date_of_birth: date }
    setTerms(
      Object.fromEntries(
        Object.entries(next).flatMap(([field, value]) =>
          value.trim() === '' ? [] : [[field, value.trim()]],
        ),
      ),
    )
  }
  const clear = (): void => {
    setDraft(empty)
    setBadDate(false)
    setTerms({})
  }
  return (
    <form
      className={`card ${css.search}`}
      role="search"
      aria-label="Find patients"
      onSubmit={submit}
      autoComplete="off"
    >
      {FIELDS.map(({ field, label, placeholder }) => (
        <TextInput
          key={field}
          size="xs"
          label={label}
          placeholder={placeholder}
          value={draft[field]}
          autoComplete="off"
          onChange={(event) => setDraft({ ...draft, [field]: event.currentTarget.value })}
          error={field === 'date_of_birth' && badDate ? 'Write it as 03/14/1962 or 1962-03-14' : undefined}
        />
      ))}
      <div className={css.searchButtons}>
        <Button type="submit" size="xs" leftSection={<IconSearch size={14} />}>
          Find
        </Button>
        {Object.keys(terms).length > 0 && (
          <Button variant="default" size="xs" leftSection={<IconX size={14} />} onClick={clear}>
            Clear
          </Button>
        )}
      </div>
    </form>
  )
}
