import { Button, Drawer, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { PatientCandidate, PatientRegisterRequest } from '../../../contract/outbound.ts'
import { patientCandidates, registerPatient } from '../../api/booking.ts'
import { problemFrom } from '../../api/http.ts'
import { useRefreshSides } from '../../parts/pending.tsx'
import { Time } from '../../parts/time.tsx'
import { codedText, fieldName, patientName, sexName } from '../../parts/words.ts'
import { newRequestId } from '../schedule/request-id.ts'
import { SendProblem } from '../schedule/send-problem.tsx'
import css from './patients.module.css'
import { emptyEntry, ENTERED, entryOf, type EnteredField } from './register-model.ts'

const coded = (field: string, codes: readonly string[]) =>
  codes.map((code) => ({ value: code, label: codedText(field, code) }))
// prettier-ignore
const CHOICES: Partial<Record<EnteredField, { value: string; label: string }[]>> = {
  gender: ['F', 'M', 'O', 'U'].map((code) => ({ value: code, label: sexName(code) })),
  marital_status: coded('marital_status', ['S', 'M', 'D', 'W', 'A', 'P', 'UNK']),
  preferred_language: coded('preferred_language', ['en', 'es', 'fr', 'de', 'zh', 'vi', 'ar', 'ru', 'so', 'sw']),
  race: coded('race', ['1002-5', '2028-9', '2054-5', '2076-8', '2106-3', '2131-1']),
  ethnicity: coded('ethnicity', ['2135-2', '2186-5']),
}
const MAY_EXIST = 'PATIENT_MAY_EXIST'
const TITLES = ['Person', 'Reach', 'Address', 'Background'] as const

/** Registers a patient here and at Cerner, after a look at who may be the same person. */
export function RegisterDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={560}
      title="Register a patient"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && <RegisterForm onClose={onClose} />}
    </Drawer>
  )
}

function RegisterForm({ onClose }: { onClose: () => void }) {
  const [entry, setEntry] = useState(emptyEntry)
  const [tried, setTried] = useState(false)
  const [candidates, setCandidates] = useState<PatientCandidate[] | null>(null)
  // One id for all tries, so that nobody is registered twice when an answer is lost; a changed entry is a new request.
  const [requestId, setRequestId] = useState(newRequestId)
  const refresh = useRefreshSides()
  const navigate = useNavigate()
  const { request, faults } = entryOf(entry)

  const send = useMutation({
    mutationFn: (asked: PatientRegisterRequest) => registerPatient(asked),
    onSuccess: async ({ patient_id: id }) => {
      notifications.show({
        title: 'Registered here',
        message: 'The patient is on the way to Cerner, which gives the MRN.',
        closeButtonProps: { 'aria-label': 'Close' },
      })
      await refresh()
      onClose()
      void navigate({ to: '/patients/$id', params: { id } })
    },
    onError: async (error, asked) => {
      if (problemFrom(error).code === MAY_EXIST) setCandidates(await patientCandidates(asked))
    },
  })
  const change = (field: EnteredField, value: string): void => {
    setEntry({ ...entry, [field]: value })
    setRequestId(newRequestId())
    send.reset()
  }
  const go = (override: boolean): void => {
    setTried(true)
    if (request !== null) send.mutate({ ...request, request_id: requestId, override })
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    go(candidates !== null)
  }
  return (
    <form className={css.edit} onSubmit={submit} autoComplete="off" noValidate>
      {candidates !== null ? (
        <Candidates items={candidates} />
      ) : (
        TITLES.map((title) => (
          <fieldset key={title} className={css.editGroup}>
            <legend>{title}</legend>
            {ENTERED.filter(({ group }) => group === title).map(({ field, needed }) => (
              <Field
                key={field}
                field={field}
                needed={needed}
                value={entry[field]}
                fault={tried ? faults[field] : undefined}
                onChange={(value) => change(field, value)}
              />
            ))}
          </fieldset>
        ))
      )}
      {send.isError && problemFrom(send.error).code !== MAY_EXIST && (
        <SendProblem error={send.error} onRetry={() => go(candidates !== null)} />
      )}
      <div className={css.formFoot}>
        <span className="dim" role="status">
          {tried && request === null ? 'Something is missing or not right' : 'Cerner gives the MRN'}
        </span>
        {candidates !== null ? (
          <Button variant="default" onClick={() => setCandidates(null)}>
            Back
          </Button>
        ) : (
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        )}
        <Button type="submit" loading={send.isPending}>
          {candidates !== null ? 'Register anyway' : 'Register'}
        </Button>
      </div>
    </form>
  )
}

function Candidates({ items }: { items: readonly PatientCandidate[] }) {
  return (
    <section aria-label="May be the same person" role="alert" style={{ minWidth: 0 }}>
      <h3 className={css.editHead}>May be the same person</h3>
      <div className="scroll">
        <table className="grid">
          <caption>Of this last name and date of birth, at Cerner and here. Compare them first.</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Date of birth</th>
              <th scope="col">Sex</th>
              <th scope="col">MRN</th>
              <th scope="col">Known</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.patient_id ?? one.cerner_id}>
                <td>
                  {one.patient_id === null ? (
                    patientName(one)
                  ) : (
                    <Link
                      className="rowLink"
                      to="/patients/$id"
                      params={{ id: one.patient_id }}
                      aria-label={`Open ${patientName(one)}`}
                    >
                      {patientName(one)}
                    </Link>
                  )}
                </td>
                <td className="nowrap">
                  <Time at={one.date_of_birth} />
                </td>
                <td>{sexName(one.gender)}</td>
                <td className="mono">{one.mrn}</td>
                <td>{whereKnown(one)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.editNote}>
        Somebody whom only Cerner knows comes here with the next message or pull. Register anyway only when it
        is none of them: a second record of one person is hard to undo.
      </p>
    </section>
  )
}

const whereKnown = ({ patient_id: here, cerner_id: there }: PatientCandidate): string => {
  if (there === null) return 'here'
  return here === null ? 'at Cerner' : 'here and at Cerner'
}

interface FieldProps {
  field: EnteredField
  needed: boolean
  value: string
  fault: string | undefined
  onChange: (value: string) => void
}
function Field({ field, needed, value, fault, onChange }: FieldProps) {
  const choices = CHOICES[field]
  const label = fieldName(field)
  if (choices === undefined)
    return (
      <TextInput
        label={label}
        size="xs"
        maxLength={100}
        required={needed}
        value={value}
        error={fault}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  return (
    <Select
      label={label}
      size="xs"
      required={needed}
      clearable={!needed}
      clearButtonProps={{ 'aria-label': `Clear ${label.toLowerCase()}` }}
      value={value === '' ? null : value}
      error={fault}
      onChange={(next) => onChange(next ?? '')}
      data={choices}
    />
  )
}
