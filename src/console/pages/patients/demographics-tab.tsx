import type { ReactNode } from 'react'
import type { Patient } from '../../../contract/patients.ts'
import { PendingPill } from '../../parts/pending.tsx'
import { Time } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { codedText, fieldName, personName, phone, sexName, valueText } from '../../parts/words.ts'
import css from './patients.module.css'

type Shown = (one: Patient) => ReactNode
const plain = (field: keyof Patient): [string, Shown] => [field, (one) => valueText(one[field])]
const coded = (field: keyof Patient): [string, Shown] => [field, (one) => codedText(field, one[field])]
const part = (name: keyof Patient['address']): [string, Shown] => [
  `address.${name}`,
  (one) => one.address[name],
]

// prettier-ignore
const GROUPS: [title: string, fields: [field: string, shown: Shown][]][] = [
  ['Person', [
    plain('last_name'), plain('first_name'), plain('middle_name'), plain('name_suffix'),
    ['date_of_birth', (one) => one.date_of_birth === null ? '' : <Time at={one.date_of_birth} />],
    ['gender', (one) => sexName(one.gender)], coded('marital_status'), plain('ssn'),
    ['deceased', (one) => one.deceased === null ? '' : one.deceased ? <>yes <Time at={one.deceased_at} /></> : 'no'],
  ]],
  ['Reach', [
    ['phone_mobile', (one) => phone(one.phone_mobile)], ['phone_home', (one) => phone(one.phone_home)],
    ['phone_work', (one) => phone(one.phone_work)], plain('email'),
    part('line1'), part('line2'), part('city'), part('state'), part('postal_code'), part('country'), part('county'),
  ]],
  ['Background', [
    coded('preferred_language'), coded('race'), coded('ethnicity'), plain('religion'),
    ['primary_provider', (one) => personName(one.primary_provider)],
  ]],
]

function Field({ one, field, shown }: { one: Patient; field: string; shown: Shown }) {
  const value = shown(one)
  const missing = value === '' || value === null || value === undefined
  const pending = one.pending.find(({ fields }) => fields.includes(field))
  return (
    <div className={css.field} data-missing={missing}>
      <dt>{fieldName(field)}</dt>
      <dd>
        <span>
          {missing ? '–' : value} {pending !== undefined && <PendingPill pending={pending} />}
        </span>
        <WhereFrom field={fieldName(field)} from={one.provenance[field]} />
      </dd>
    </div>
  )
}

/** Every field with the place it came from. */
export function DemographicsTab({ one }: { one: Patient }) {
  return (
    <div className={css.groups}>
      {GROUPS.map(([title, fields]) => (
        <section key={title} className="card" aria-labelledby={`group-${title}`}>
          <h2 id={`group-${title}`}>{title}</h2>
          <dl className={css.fields}>
            {fields.map(([field, shown]) => (
              <Field key={field} one={one} field={field} shown={shown} />
            ))}
          </dl>
        </section>
      ))}
      <section className="card" aria-labelledby="group-ids">
        <div className="cardHead">
          <h2 id="group-ids">Identifiers</h2>
          <span style={{ marginLeft: 'auto' }}>
            <WhereFrom field="Identifiers" from={one.provenance['identifiers']} />
          </span>
        </div>
        <div className="scroll">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Type</th>
                <th scope="col">Value</th>
                <th scope="col">Authority</th>
              </tr>
            </thead>
            <tbody>
              {one.identifiers.map((id) => (
                <tr key={`${id.authority} ${id.type} ${id.value}`}>
                  <td>
                    {id.type}
                    {id.raw_type !== undefined && <span className="dim"> sent as {id.raw_type}</span>}
                  </td>
                  <td className="mono">{id.value}</td>
                  <td>{id.authority}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  )
}
