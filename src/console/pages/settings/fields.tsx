import {
  ActionIcon,
  Button,
  Fieldset,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Select,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { emptyOf, filled, helpOf, isRecord, labelOf, optionalOf, type JsonSchema } from './json-schema.ts'
import css from './settings.module.css'

export interface FieldProps {
  name: string
  path: string
  schema: JsonSchema
  value: unknown
  faults: ReadonlyMap<string, string>
  disabled: boolean
  /** Choices in words, where their codes say little. */
  words?: Readonly<Record<string, string>>
  onChange: (value: unknown) => void
}

const choices = (codes: readonly string[], words: FieldProps['words']) =>
  codes.map((value) => ({ value, label: words?.[value] ?? value }))

/** One setting, drawn from its schema. */
export function Field(props: FieldProps): ReactNode {
  const { schema, value } = props
  const optional = optionalOf(schema)
  if (optional !== null) return <Optional {...props} inner={optional} />
  if (schema.properties !== undefined) return <Group {...props} />
  if (schema.type === 'array' && schema.items?.enum !== undefined)
    return <Choices {...props} codes={schema.items.enum} />
  if (schema.type === 'array') return <List {...props} items={Array.isArray(value) ? value : []} />
  if (schema.type === 'object') return <Pairs {...props} pairs={isRecord(value) ? value : {}} />
  return <Leaf {...props} />
}

function Choices({
  name,
  schema,
  value,
  disabled,
  words,
  codes,
  onChange,
}: FieldProps & { codes: readonly string[] }) {
  const chosen = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  return (
    <MultiSelect
      className={css.full}
      size="xs"
      label={labelOf(name, schema)}
      description={helpOf(schema)}
      disabled={disabled}
      data={choices(codes, words)}
      value={chosen}
      onChange={(next) => onChange(codes.filter((code) => next.includes(code)))}
      hidePickedOptions
      searchable
      placeholder={chosen.length === codes.length ? undefined : 'Add'}
      comboboxProps={{ withinPortal: true }}
    />
  )
}

function Leaf({ name, path, schema, value, faults, disabled, words, onChange }: FieldProps) {
  const common = {
    label: labelOf(name, schema),
    description: helpOf(schema),
    error: faults.get(path),
    disabled,
    size: 'xs',
  } as const
  if (schema.type === 'boolean')
    return (
      <Switch
        {...common}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  if (schema.enum !== undefined)
    return (
      <Select
        {...common}
        data={choices(schema.enum, words)}
        value={typeof value === 'string' ? value : null}
        allowDeselect={false}
        onChange={(next) => onChange(next)}
      />
    )
  if (schema.type === 'integer' || schema.type === 'number')
    return (
      <NumberInput
        {...common}
        value={typeof value === 'number' ? value : ''}
        allowDecimal={schema.type === 'number'}
        thousandSeparator={name.toLowerCase().includes('port') ? '' : ' '}
        onChange={(next) => onChange(typeof next === 'number' ? next : next === '' ? 0 : Number(next))}
      />
    )
  const text = typeof value === 'string' ? value : ''
  if (schema.secret === true)
    return (
      <PasswordInput
        {...common}
        value={text}
        autoComplete="new-password"
        placeholder={text === '' ? 'not set' : undefined}
        description={
          <>
            {helpOf(schema)} {/^\*+$/.test(text) && 'A value is stored; write a new one to replace it.'}
          </>
        }
        onChange={(event) => onChange(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': `Show ${labelOf(name, schema)}` }}
      />
    )
  if ((schema.pattern ?? '').includes('BEGIN'))
    return (
      <Textarea
        {...common}
        classNames={{ input: 'mono' }}
        autosize
        minRows={1}
        maxRows={6}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  return (
    <TextInput
      {...common}
      value={text}
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function Group({ name, path, schema, value, onChange, ...rest }: FieldProps) {
  const given = isRecord(value) ? value : {}
  return (
    <Fieldset legend={labelOf(name, schema)} className={css.fieldset} disabled={rest.disabled}>
      {helpOf(schema) !== undefined && <p className={css.help}>{helpOf(schema)}</p>}
      <div className={css.fields}>
        {Object.entries(schema.properties ?? {}).map(([key, part]) => (
          <Field
            key={key}
            {...rest}
            name={key}
            path={`${path}.${key}`}
            schema={part}
            value={given[key]}
            onChange={(next) => onChange({ ...given, [key]: next })}
          />
        ))}
      </div>
    </Fieldset>
  )
}

function Optional({ inner, ...props }: FieldProps & { inner: JsonSchema }) {
  const { name, schema, value, disabled, onChange } = props
  const label = labelOf(name, schema)
  return (
    <div className={css.full}>
      <Switch
        size="xs"
        mb="xs"
        label={label}
        description={helpOf(schema)}
        checked={value !== null}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked ? filled(inner, emptyOf(inner)) : null)}
      />
      {value !== null && <Field {...props} schema={inner} />}
    </div>
  )
}

const Head = ({ name, schema }: { name: string; schema: JsonSchema }) => (
  <>
    <p className={css.label}>{labelOf(name, schema)}</p>
    {helpOf(schema) !== undefined && <p className={css.help}>{helpOf(schema)}</p>}
  </>
)

function List({
  name,
  path,
  schema,
  items,
  faults,
  disabled,
  onChange,
}: FieldProps & { items: readonly unknown[] }) {
  const label = labelOf(name, schema)
  const item = schema.items ?? { type: 'string' }
  const put = (index: number, next: unknown): void =>
    onChange(items.map((old, at) => (at === index ? next : old)))
  return (
    <div className={css.full} role="group" aria-label={label}>
      <Head name={name} schema={schema} />
      {items.map((value, index) => (
        <div key={index} className={css.listRow}>
          {item.properties === undefined ? (
            <TextInput
              size="xs"
              classNames={{ input: 'mono' }}
              aria-label={`${label} ${index + 1}`}
              disabled={disabled}
              value={typeof value === 'string' ? value : ''}
              error={faults.get(`${path}.${index}`)}
              onChange={(event) => put(index, event.currentTarget.value)}
            />
          ) : (
            Object.entries(item.properties).map(([key, part]) => (
              <TextInput
                key={key}
                size="xs"
                classNames={{ input: 'mono' }}
                aria-label={`${label} ${index + 1}, ${labelOf(key, part)}`}
                placeholder={labelOf(key, part)}
                disabled={disabled}
                value={isRecord(value) && typeof value[key] === 'string' ? value[key] : ''}
                error={faults.get(`${path}.${index}.${key}`)}
                onChange={(event) =>
                  put(index, { ...(isRecord(value) ? value : {}), [key]: event.currentTarget.value })
                }
              />
            ))
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={disabled}
            aria-label={`Remove ${label} ${index + 1}`}
            onClick={() => onChange(items.filter((_, at) => at !== index))}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="subtle"
        size="compact-xs"
        disabled={disabled}
        leftSection={<IconPlus size={13} />}
        onClick={() => onChange([...items, item.properties === undefined ? '' : emptyOf(item)])}
        aria-label={`Add to ${label}`}
      >
        Add
      </Button>
    </div>
  )
}

function Pairs({
  name,
  path,
  schema,
  pairs,
  faults,
  disabled,
  words,
  onChange,
}: FieldProps & { pairs: Record<string, unknown> }) {
  const label = labelOf(name, schema)
  const each = isRecord(schema.additionalProperties) ? (schema.additionalProperties as JsonSchema) : {}
  const entries = Object.entries(pairs)
  const put = (index: number, pair: [string, unknown]): void =>
    onChange(Object.fromEntries(entries.map((old, at) => (at === index ? pair : old))))
  return (
    <div className={css.full} role="group" aria-label={label}>
      <Head name={name} schema={schema} />
      {entries.map(([key, value], index) => (
        <div key={index} className={css.listRow}>
          <TextInput
            size="xs"
            classNames={{ input: 'mono' }}
            aria-label={`${label} ${index + 1}, name`}
            disabled={disabled}
            value={key}
            error={faults.get(`${path}.${key}`)}
            onChange={(event) => put(index, [event.currentTarget.value, value])}
          />
          {each.enum === undefined ? (
            <TextInput
              size="xs"
              classNames={{ input: 'mono' }}
              aria-label={`${label} ${index + 1}, means`}
              disabled={disabled}
              value={typeof value === 'string' ? value : ''}
              onChange={(event) => put(index, [key, event.currentTarget.value])}
            />
          ) : (
            <Select
              size="xs"
              aria-label={`${label} ${index + 1}, means`}
              disabled={disabled}
              data={choices(each.enum, words)}
              allowDeselect={false}
              value={typeof value === 'string' ? value : null}
              onChange={(next) => put(index, [key, next])}
            />
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={disabled}
            aria-label={`Remove ${label} ${index + 1}`}
            onClick={() => onChange(Object.fromEntries(entries.filter((_, at) => at !== index)))}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="subtle"
        size="compact-xs"
        disabled={disabled || '' in pairs}
        leftSection={<IconPlus size={13} />}
        onClick={() => onChange({ ...pairs, '': each.enum?.[0] ?? '' })}
        aria-label={`Add to ${label}`}
      >
        Add
      </Button>
    </div>
  )
}
