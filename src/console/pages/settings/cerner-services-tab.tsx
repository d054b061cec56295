import { Radio, Select, Stack } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconAlertTriangle, IconCheck, IconMinus } from '@tabler/icons-react'
import type { CernerStatus } from '../../../contract/cerner.ts'
import css from './cerner.module.css'
import { CHOICE_WORDS, SECTIONS } from './cerner-sections.ts'
import { isRecord, type JsonSchema } from './json-schema.ts'
import { PlaceFields } from './place-fields.tsx'
import settingsCss from './settings.module.css'
import type { SettingsDraft } from './use-settings-draft.ts'

interface TabProps {
  form: SettingsDraft
  schema: JsonSchema
  status: CernerStatus
  readOnly: boolean
}

// prettier-ignore
const SUPPORT = {
  on: { label: 'On', icon: IconCheck }, limited: { label: 'Limited', icon: IconAlertTriangle }, off: { label: 'Off', icon: IconMinus },
} as const

type Support = CernerStatus['profile']['features'][number]

function Cell({ support }: { support: Support | undefined }) {
  if (support === undefined) return <span className="dim">–</span>
  const look = SUPPORT[support.state]
  return (
    <span className={css.support} data-state={support.state}>
      <span className={css.supportWord}>
        <look.icon size={13} stroke={2.2} aria-hidden="true" /> {look.label}
      </span>
      {support.says !== '' && <span className={css.supportSays}>{support.says}</span>}
    </span>
  )
}

function Matrix({ form, status, readOnly }: Omit<TabProps, 'schema'>) {
  const chosen = String(form.get('profile'))
  // On a narrow screen the four are chosen from a list, and the chosen one alone is shown.
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false })
  const shown = narrow ? status.profiles.filter(({ name }) => name === chosen) : status.profiles
  return (
    <Radio.Group value={chosen} onChange={(next) => form.set('profile', next)} aria-label="Cerner version">
      {narrow && (
        <Stack gap={8} mb="sm">
          {status.profiles.map(({ name, label, guide_features: can }) => (
            <Radio key={name} value={name} label={label} description={can} size="xs" disabled={readOnly} />
          ))}
        </Stack>
      )}
      <div className="scroll" tabIndex={0} role="group" aria-label="Cerner versions, scrollable">
        <table className={`grid ${css.matrix}`}>
          <caption>
            Features and limits as the integration guide gives them. A feature that is off is refused with its
            sentence, wherever it is tried.
          </caption>
          <thead>
            <tr>
              <th scope="col">
                <span className={css.hiddenWord}>Feature</span>
              </th>
              {shown.map(({ name, label, guide_features: can, guide_limitations: limits }) => (
                <th scope="col" key={name} data-chosen={name === chosen}>
                  {narrow ? label : <Radio value={name} label={label} size="xs" disabled={readOnly} />}
                  {!narrow && <span className={css.guide}>{can}</span>}
                  <span className={css.guide}>Limits: {limits}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {status.profile.features.map(({ feature, label }) => (
              <tr key={feature}>
                <th scope="row">{label}</th>
                {shown.map(({ name, features }) => (
                  <td key={name} data-chosen={name === chosen}>
                    <Cell support={features.find((one) => one.feature === feature)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Radio.Group>
  )
}

const AS_PROFILE = 'default'
function Roads({ form, status, readOnly }: Omit<TabProps, 'schema'>) {
  const given = form.get('roads')
  const roads = isRecord(given) ? given : {}
  const put = (action: string, road: string): void => {
    const { [action]: _old, ...others } = roads
    form.set('roads', road === AS_PROFILE ? others : { ...others, [action]: road })
  }
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Roads, scrollable">
      <table className={`grid ${css.rowHeads}`}>
        <caption>
          Where nothing is set, an action goes by FHIR if the version has it, else by the Millennium service.
          Now and why tell what is stored; they follow a save.
        </caption>
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Set to</th>
            <th scope="col">Now</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {status.roads.map(({ action, label, road, why }) => (
            <tr key={action}>
              <th scope="row">{label}</th>
              <td>
                <Select
                  size="xs"
                  w={170}
                  aria-label={`Road of ${label}`}
                  disabled={readOnly}
                  allowDeselect={false}
                  value={typeof roads[action] === 'string' ? roads[action] : AS_PROFILE}
                  onChange={(next) => put(action, next ?? AS_PROFILE)}
                  data={[
                    { value: AS_PROFILE, label: 'As the version says' },
                    ...['fhir', 'millennium', 'off'].map((value) => ({
                      value,
                      label: CHOICE_WORDS[value] ?? value,
                    })),
                  ]}
                />
              </td>
              <td>
                <span className="pill" data-tone={road === 'off' ? 'mute' : 'info'}>
                  {CHOICE_WORDS[road] ?? road}
                </span>
              </td>
              <td className="dim">{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function ServicesTab({ form, schema, status, readOnly }: TabProps) {
  const [version, services, roads] = SECTIONS.services
  const soap = form.get('millennium.transport') !== 'rest'
  return (
    <>
      <section className={settingsCss.group}>
        <h3>{version?.title}</h3>
        <Matrix form={form} status={status} readOnly={readOnly} />
      </section>
      <section className={settingsCss.group}>
        <h3>{services?.title}</h3>
        <PlaceFields
          form={form}
          schema={schema}
          disabled={readOnly}
          words={CHOICE_WORDS}
          places={(services?.places ?? []).filter((place) => soap || place !== 'millennium.soap')}
        />
      </section>
      <section className={settingsCss.group}>
        <h3>{roads?.title}</h3>
        <Roads form={form} status={status} readOnly={readOnly} />
      </section>
    </>
  )
}
