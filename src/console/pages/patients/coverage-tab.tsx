import type { ReactNode } from 'react'
import type { Patient } from '../../../contract/patients.ts'
import { Facts } from '../../parts/inspector.tsx'
import { Time } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { personName, phone, valueText } from '../../parts/words.ts'
import css from './patients.module.css'

function Block({
  one,
  set,
  title,
  none,
  children,
}: {
  one: Patient
  set: 'coverage' | 'next_of_kin'
  title: string
  none: string
  children: ReactNode
}) {
  return (
    <section className="card" aria-labelledby={`set-${set}`}>
      <div className="cardHead">
        <h2 id={`set-${set}`}>{title}</h2>
        <span style={{ marginLeft: 'auto' }}>
          <WhereFrom field={title} from={one.provenance[set]} />
        </span>
      </div>
      <div className={`cardBody ${css.stack}`}>
        {one[set].length === 0 ? <span className="dim">{none}</span> : children}
      </div>
    </section>
  )
}

export function CoverageTab({ one }: { one: Patient }) {
  return (
    <div className={css.groups}>
      <Block one={one} set="coverage" title="Coverage" none="No coverage was sent.">
        {[...one.coverage]
          .sort((a, b) => (a.order ?? 9) - (b.order ?? 9))
          .map((cover, index) => (
            <article key={`${cover.member_id ?? ''} ${index}`} className={css.item}>
              <h3>
                {index + 1}. {cover.insurance_provider ?? cover.plan?.text ?? 'Plan without a name'}
              </h3>
              <Facts
                rows={[
                  ['Plan', valueText([cover.plan?.text, cover.plan?.code].filter(Boolean))],
                  [
                    'Member',
                    <span key="m" className="mono">
                      {cover.member_id}
                    </span>,
                  ],
                  ['Group', [cover.group_number, cover.group_name].filter(Boolean).join(' · ')],
                  [
                    'Valid',
                    <span key="v">
                      <Time at={cover.valid_from} /> to <Time at={cover.valid_to} />
                    </span>,
                  ],
                  [
                    'Subscriber',
                    [cover.subscriber_name, cover.subscriber_relationship].filter(Boolean).join(' · '),
                  ],
                  ['Payer phone', phone(cover.payer_phone)],
                ]}
              />
            </article>
          ))}
      </Block>
      <Block one={one} set="next_of_kin" title="Contacts" none="No contact was sent.">
        {one.next_of_kin.map((kin, index) => (
          <article key={`${kin.last_name ?? ''} ${index}`} className={css.item}>
            <h3>
              {personName(kin)}{' '}
              {kin.role === 'EC' && (
                <span className="pill" data-tone="info">
                  emergency
                </span>
              )}
            </h3>
            <Facts
              rows={[
                ['Relation', kin.relationship],
                ['Phone', phone(kin.phone)],
                ['Business', phone(kin.phone_business)],
                ['Address', valueText(kin.address)],
              ]}
            />
          </article>
        ))}
      </Block>
    </div>
  )
}
