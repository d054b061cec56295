import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { PatientSummary } from '../../../contract/patients.ts'
import { patients } from '../../api/queries.ts'
import { useIsWide, WithInspector } from '../../parts/inspector.tsx'
import { More } from '../../parts/more.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { NothingMatches, NothingYet, Ready } from '../../parts/states.tsx'
import { Time, ZoneName } from '../../parts/time.tsx'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { patientName, phone, sexName } from '../../parts/words.ts'
import { useMay, useSession } from '../../shell/session.ts'
import { ageOn, zonedParts } from '../../time/zone.ts'
import css from './patients.module.css'
import { PatientPreview } from './patient-preview.tsx'
import { RegisterDrawer } from './register-drawer.tsx'
import { SearchForm, searchTerms } from './search-form.tsx'

/** Age today, as the clock of the practice has it. */
export function useAge(): (dateOfBirth: string | null) => string {
  const zone = useSession().practice.time_zone
  const today = zonedParts(Date.now(), zone).date
  return (dateOfBirth) => (dateOfBirth === null ? '' : ageOn(dateOfBirth, today))
}

interface RowsProps {
  items: PatientSummary[]
  chosen: string | undefined
  onChoose: (id: string) => void
  /** Focus by keyboard shows the preview where there is room for one, and never leaves the list. */
  onPreview: (id: string) => void
}
function Rows({ items, chosen, onChoose, onPreview }: RowsProps) {
  const table = useRef<HTMLTableElement>(null)
  const age = useAge()
  useRowKeys(table)
  return (
    <div className="scroll">
      <table className="grid" ref={table}>
        <caption>Patients, the latest change first. j and k move, Enter opens.</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Date of birth</th>
            <th scope="col" className={css.roomy}>
              Sex
            </th>
            <th scope="col">MRN</th>
            <th scope="col" className={css.wide}>
              Phone
            </th>
            <th scope="col" className={css.wide}>
              City
            </th>
            <th scope="col" aria-sort="descending" className={css.roomy}>
              Changed (<ZoneName />)
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id} data-row data-chosen={one.id === chosen} onClick={() => onChoose(one.id)}>
              <td>
                <Link
                  className="rowLink"
                  data-row-link
                  to="/patients/$id"
                  params={{ id: one.id }}
                  onFocus={() => onPreview(one.id)}
                  onClick={(event) => event.stopPropagation()}
                >
                  {patientName(one)}
                </Link>
                {!one.active && (
                  <span className="pill" data-tone="mute" style={{ marginLeft: 6 }}>
                    inactive
                  </span>
                )}
              </td>
              <td className="nowrap">
                <Time at={one.date_of_birth} /> <span className="dim">{age(one.date_of_birth)}</span>
              </td>
              <td className={css.roomy}>{sexName(one.gender)}</td>
              <td className="mono">{one.mrn}</td>
              <td className={`nowrap ${css.wide}`}>{phone(one.phone_mobile ?? one.phone_home)}</td>
              <td className={`nowrap ${css.wide}`}>{one.address.city}</td>
              <td className={css.roomy}>
                <Time at={one.updated_at} shape="stamp" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function PatientsPage() {
  const [terms, setTerms] = searchTerms.use()
  const query = useInfiniteQuery(patients(terms))
  const { at } = useSearch({ from: '/patients' })
  const navigate = useNavigate({ from: '/patients' })
  const wide = useIsWide()
  const mayRegister = useMay('patients.write')
  const [registering, setRegistering] = useState(false)
  const searching = Object.keys(terms).length > 0
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const chosen = wide ? (items.find((one) => one.id === at) ?? items[0]) : undefined
  const preview = (id: string): void => {
    if (wide) void navigate({ search: { at: id }, replace: true, resetScroll: false })
  }
  const choose = (id: string): void => {
    if (wide) preview(id)
    else void navigate({ to: '/patients/$id', params: { id } })
  }
  return (
    <>
      <PageHead title="Patients" note={searching ? 'Found by your search' : 'The latest change first'}>
        {mayRegister && <Button onClick={() => setRegistering(true)}>Register</Button>}
      </PageHead>
      <RegisterDrawer opened={registering} onClose={() => setRegistering(false)} />
      <SearchForm key={searching ? 'searching' : 'all'} />
      <WithInspector inspector={chosen === undefined ? null : <PatientPreview id={chosen.id} />}>
        <section className="card" aria-label="Patients">
          <Ready query={query} rows={14}>
            {() =>
              items.length > 0 ? (
                <>
                  <Rows items={items} chosen={chosen?.id} onChoose={choose} onPreview={preview} />
                  <More query={query} shown={items.length} one="patient" />
                </>
              ) : searching ? (
                <NothingMatches onClear={() => setTerms({})}>
                  Names are found by their beginning. MRN and phone need the whole number, and the date of
                  birth the whole date.
                </NothingMatches>
              ) : (
                <NothingYet title="No patient yet">
                  Patients appear with their first message from Cerner, or with the first file.
                </NothingYet>
              )
            }
          </Ready>
        </section>
      </WithInspector>
    </>
  )
}
