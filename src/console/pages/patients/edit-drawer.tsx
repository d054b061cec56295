import { Button, Drawer, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Patient } from '../../../contract/patients.ts'
import { changePatient } from '../../api/booking.ts'
import { patient } from '../../api/queries.ts'
import { BeforeAfter } from '../../parts/before-after.tsx'
import { useRefreshSides } from '../../parts/pending.tsx'
import { codedText, fieldName, phone, plural, sexName } from '../../parts/words.ts'
import { formatDate } from '../../time/zone.ts'
import { SendProblem } from '../schedule/send-problem.tsx'
import { currentOf, draftOf, editedOf, touchesIdentity, type EditableField } from './edit-model.ts'
import css from './patients.module.css'

const coded = (field: string, codes: readonly string[]) =>
  codes.map((code) => ({ value: code, label: codedText(field, code) }))
// prettier-ignore
const CHOICES: Partial<Record<EditableField, { value: string; label: string }[]>> = {
  gender: ['F', 'M', 'O', 'U'].map((code) => ({ value: code, label: sexName(code) })),
  marital_status: coded('marital_status', ['S', 'M', 'D', 'W', 'A', 'P', 'UNK']),
  preferred_language: coded('preferred_language', ['en', 'es', 'fr', 'de', 'zh', 'vi', 'ar', 'ru', 'so', 'sw']),
  race: coded('race', ['1002-5', '2028-9', '2054-5', '2076-8', '2106-3', '2131-1']),
  ethnicity: coded('ethnicity', ['2135-2', '2186-5']),
}
const GROUPS: [title: string, fields: EditableField[]][] = [
  [
    'Person',
    ['last_name', 'first_name', 'middle_name', 'name_suffix', 'date_of_birth', 'gender', 'marital_status'],
  ],
  ['Reach', ['phone_mobile', 'phone_home', 'phone_work', 'email']],
  ['Address', ['address.line1', 'address.line2', 'address.city', 'address.state', 'address.postal_code']],
  ['Background', ['preferred_language', 'race', 'ethnicity']],
]

const shown = (field: EditableField, value: string | null): string => {
  if (value === null || value === '') return ''
  if (field === 'gender') return sexName(value)
  if (field === 'date_of_birth') return formatDate(value)
  return field.startsWith('phone_') ? phone(value) : codedText(field, value)
}

export function EditDrawer({ one, opened, onClose }: { one: Patient; opened: boolean; onClose: () => void }) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={560}
      title="Edit demographics"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && <EditForm one={one} onClose={onClose} />}
    </Drawer>
  )
}

function EditForm({ one, onClose }: { one: Patient; onClose: () => void }) {
  // What was shown when the editing began: news that come meanwhile do not move under the writer.
  const [base, setBase] = useState(one)
  const [draft, setDraft] = useState(() => draftOf(one))
  const [reviewing, setReviewing] = useState(false)
  const client = useQueryClient()
  const refresh = useRefreshSides()
  const edited = editedOf(base, draft)
  const amount = Object.keys(edited.changes).length
  const ready = amount > 0 && Object.keys(edited.faults).length === 0
  const send = useMutation({
    mutationFn: () =>
      changePatient(one.id, {
        version: base.version,
        changes: edited.changes,
      }),
    onSuccess: async () => {
      notifications.show({
        title: 'Changed here',
        message: 'The change is on its way to Cerner.',
        closeButtonProps: { 'aria-label': 'Close' },
      })
      await refresh()
      onClose()
    },
  })
  const reload = async (): Promise<void> => {
    const newer = await client.fetchQuery({ ...patient(one.id), staleTime: 0 })
    // Fields that the writer did not touch follow the newer version; the others stay as written.
    const { changes } = edited
    const fresh = draftOf(newer)
    setDraft(
      Object.fromEntries(
        Object.entries(fresh).map(([field, value]) => [
          field,
          field in changes ? draft[field as EditableField] : value,
        ]),
      ) as typeof draft,
    )
    setBase(newer)
    setReviewing(false)
    send.reset()
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!ready) return
    if (reviewing) send.mutate()
    else setReviewing(true)
  }
  return (
    <form className={css.edit} onSubmit={submit} autoComplete="off">
      {reviewing ? (
        <section aria-label="What will be sent to Cerner">
          <h3 className={css.editHead}>What will be sent to Cerner</h3>
          <BeforeAfter
            label="Changes to send"
            changes={(Object.entries(edited.changes) as [EditableField, string | null][]).map(
              ([field, value]) => ({
                field,
                before: shown(field, currentOf(base, field)),
                after: shown(field, value),
                place: field,
              }),
            )}
          />
          <p className={css.editNote}>
            {touchesIdentity(edited)
              ? 'Name, date of birth or sex tell people apart. Check a document of the person before you send this.'
              : 'Nothing else of the record is touched.'}{' '}
            It is changed here at once, and shown as on its way until Cerner has it. A field that Cerner does
            not take is told as an error, and can be taken back.
          </p>
        </section>
      ) : (
        GROUPS.map(([title, fields]) => (
          <fieldset key={title} className={css.editGroup}>
            <legend>{title}</legend>
            {fields.map((field) => (
              <Field
                key={field}
                field={field}
                value={draft[field]}
                changed={field in edited.changes}
                fault={edited.faults[field]}
                onChange={(value) => setDraft({ ...draft, [field]: value })}
              />
            ))}
          </fieldset>
        ))
      )}
      {send.isError && (
        <SendProblem error={send.error} onReload={() => void reload()} onRetry={() => send.mutate()} />
      )}
      <div className={css.formFoot}>
        <span className="dim" role="status">
          {amount === 0 ? 'Nothing is changed yet' : plural(amount, 'field')}
        </span>
        {reviewing ? (
          <Button variant="default" onClick={() => setReviewing(false)}>
            Back
          </Button>
        ) : (
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        )}
        <Button type="submit" disabled={!ready} loading={send.isPending}>
          {reviewing ? 'Send to Cerner' : 'Show what will be sent'}
        </Button>
      </div>
    </form>
  )
}

function Field({
  field,
  value,
  changed,
  fault,
  onChange,
}: {
  field: EditableField
  value: string
  changed: boolean
  fault: string | undefined
  onChange: (value: string) => void
}) {
  const choices = CHOICES[field]
  const label = `${fieldName(field)}${changed ? ' (changed)' : ''}`
  if (choices === undefined)
    return (
      <TextInput
        label={label}
        size="xs"
        maxLength={500}
        value={value}
        error={fault}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  // A code that the list lacks stays choosable: an edit of another field must not lose it.
  const known = value === '' || choices.some((choice) => choice.value === value)
  return (
    <Select
      label={label}
      size="xs"
      clearable
      clearButtonProps={{ 'aria-label': `Clear ${fieldName(field).toLowerCase()}` }}
      value={value === '' ? null : value}
      error={fault}
      onChange={(next) => onChange(next ?? '')}
      data={known ? choices : [...choices, { value, label: codedText(field, value) }]}
    />
  )
}
