import { Field } from './fields.tsx'
import { schemaAt, type JsonSchema } from './json-schema.ts'
import css from './settings.module.css'
import type { SettingsDraft } from './use-settings-draft.ts'

/** Settings at these places, each drawn from its schema; a place that the engine does not know is left out. */
export function PlaceFields({
  form,
  schema,
  places,
  disabled,
  words,
}: {
  form: SettingsDraft
  schema: JsonSchema
  places: readonly string[]
  disabled: boolean
  words?: Readonly<Record<string, string>>
}) {
  const known = places.filter((place) => Object.keys(schemaAt(schema, place)).length > 0)
  return (
    <div className={css.fields}>
      {known.map((place) => (
        <Field
          key={place}
          name={place.split('.').at(-1) ?? place}
          path={place}
          schema={schemaAt(schema, place)}
          value={form.get(place)}
          faults={form.faults}
          disabled={disabled}
          words={words}
          onChange={(value) => form.set(place, value)}
        />
      ))}
    </div>
  )
}
