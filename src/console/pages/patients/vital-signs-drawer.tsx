import { Button, Drawer, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { recordVitalSigns, schedulingOptions } from '../../api/booking.ts'
import { encountersOf } from '../../api/queries.ts'
import { useRefreshSides } from '../../parts/pending.tsx'
import { useMay, useSession } from '../../shell/session.ts'
import { format, zonedInstant, zonedParts } from '../../time/zone.ts'
import { clock } from '../schedule/day-layout.ts'
import { SendProblem } from '../schedule/send-problem.tsx'
import { zoneNameAt } from '../schedule/slots-model.ts'
import css from './patients.module.css'
import {
  doubtsOf,
  emptyDraft,
  faultsOf,
  filedOf,
  PRESSURE,
  signsOf,
  SIGNS,
  unitOf,
  type Draft,
} from './vital-signs-model.ts'

export function VitalSignsDrawer({
  patientId,
  who,
  opened,
  onClose,
}: {
  patientId: string
  who: string
  opened: boolean
  onClose: () => void
}) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={460}
      title="Record vital signs"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && <VitalSignsForm patientId={patientId} who={who} onClose={onClose} />}
    </Drawer>
  )
}

/** `2026-11-20T09:30` on the clock of the practice. */
const wallOf = (at: string, zone: string): string => {
  const { date, minute } = zonedParts(at, zone)
  return `${date}T${clock(minute)}`
}
function instantOf(wall: string, zone: string): string | null {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(wall)
  return found === null ? null : zonedInstant(found[1] ?? '', Number(found[2]) * 60 + Number(found[3]), zone)
}

function useChoices(patientId: string) {
  const visits = useQuery({ ...encountersOf(patientId), enabled: useMay('patients.read') })
  const options = useQuery({ ...schedulingOptions, enabled: useMay('schedule.read') })
  const zone = useSession().practice.time_zone
  const day = format(zone, { month: 'short', day: 'numeric', year: 'numeric' })
  return {
    visits: (visits.data ?? [])
      .filter(({ status }) => status === 'in-progress' || status === 'planned' || status === 'arrived')
      .map(({ id, class: kind, start_time: at, location }) => ({
        value: id,
        label: [kind, at === null ? '' : day.format(new Date(at)), location?.unit].filter(Boolean).join(', '),
      })),
    performers: (options.data?.practitioners ?? []).map(({ id, name }) => ({ value: id, label: name })),
  }
}

function VitalSignsForm({
  patientId,
  who,
  onClose,
}: {
  patientId: string
  who: string
  onClose: () => void
}) {
  const zone = useSession().practice.time_zone
  const refresh = useRefreshSides()
  const choices = useChoices(patientId)
  const [draft, setDraft] = useState<Draft>(emptyDraft)
  const [taken, setTaken] = useState(() => wallOf(new Date().toISOString(), zone))
  const [visit, setVisit] = useState<string | null>(null)
  const [performer, setPerformer] = useState<string | null>(null)
  const faults = faultsOf(draft)
  const doubts = doubtsOf(draft)
  const signs = signsOf(draft)
  const takenAt = instantOf(taken, zone)
  const later = takenAt !== null && Date.parse(takenAt) > Date.now() + 60_000
  const ready = Object.keys(faults).length === 0 && signs.length > 0 && takenAt !== null && !later
  const send = useMutation({
    mutationFn: () =>
      recordVitalSigns(patientId, {
        taken_at: takenAt ?? '',
        signs,
        ...(visit === null ? {} : { encounter_id: visit }),
        ...(performer === null ? {} : { performer_id: performer }),
      }),
    onSuccess: async () => {
      notifications.show({
        title: 'Vital signs are recorded',
        message: 'They are on their way to Cerner.',
        closeButtonProps: { 'aria-label': 'Close' },
      })
      await refresh()
      onClose()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (ready) send.mutate()
  }
  return (
    <form className={css.vitals} onSubmit={submit} autoComplete="off">
      <p className={css.for}>
        For <strong>{who}</strong>. Leave empty what was not measured.
      </p>
      <TextInput
        label={`Taken at (${zoneNameAt(takenAt ?? new Date().toISOString(), zone)})`}
        type="datetime-local"
        size="xs"
        required
        value={taken}
        error={later ? 'This time has not come yet' : takenAt === null ? 'A date and a time' : undefined}
        onChange={(event) => setTaken(event.currentTarget.value)}
      />
      {SIGNS.map((sign) => (
        <div key={sign.code} className={css.sign}>
          <TextInput
            label={sign.label}
            size="xs"
            inputMode="decimal"
            value={draft.values[sign.code] ?? ''}
            error={faults[sign.code]}
            onChange={(event) =>
              setDraft({ ...draft, values: { ...draft.values, [sign.code]: event.currentTarget.value } })
            }
          />
          {sign.units.length > 1 ? (
            <Select
              size="xs"
              aria-label={`Unit of ${sign.label.toLowerCase()}`}
              allowDeselect={false}
              value={unitOf(draft, sign).code}
              onChange={(code) =>
                code !== null && setDraft({ ...draft, units: { ...draft.units, [sign.code]: code } })
              }
              data={sign.units.map(({ code, label }) => ({ value: code, label }))}
            />
          ) : (
            <span className={css.unit}>{sign.units[0].label}</span>
          )}
          <Converted draft={draft} sign={sign} />
          <Doubt says={doubts[sign.code]} />
        </div>
      ))}
      <div className={css.sign} role="group" aria-label="Blood pressure">
        <div className={css.pressure}>
          <TextInput
            label="Systolic"
            size="xs"
            inputMode="numeric"
            value={draft.systolic}
            error={faults[PRESSURE]}
            onChange={(event) => setDraft({ ...draft, systolic: event.currentTarget.value })}
          />
          <TextInput
            label="Diastolic"
            size="xs"
            inputMode="numeric"
            value={draft.diastolic}
            error={faults[PRESSURE] !== undefined}
            onChange={(event) => setDraft({ ...draft, diastolic: event.currentTarget.value })}
          />
        </div>
        <span className={css.unit}>mmHg</span>
        <Doubt says={doubts[PRESSURE]} />
      </div>
      {choices.performers.length > 0 && (
        <Select
          label="Measured by"
          description="Cerner asks for it where a person is signed in"
          size="xs"
          clearable
          searchable
          clearButtonProps={{ 'aria-label': 'Nobody named' }}
          value={performer}
          onChange={setPerformer}
          data={choices.performers}
        />
      )}
      {choices.visits.length > 0 && (
        <Select
          label="Visit"
          size="xs"
          clearable
          clearButtonProps={{ 'aria-label': 'No visit' }}
          placeholder="None"
          value={visit}
          onChange={setVisit}
          data={choices.visits}
        />
      )}
      {send.isError && <SendProblem error={send.error} onRetry={() => send.mutate()} />}
      <div className={css.formFoot}>
        <span className="dim" role="status">
          {signs.length === 0 ? 'Nothing is filled in yet' : `${signs.length} to send`}
        </span>
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button type="submit" disabled={!ready} loading={send.isPending}>
          Record and send
        </Button>
      </div>
    </form>
  )
}

/** Cerner takes one unit for each sign; who typed another sees both before it is sent. */
function Converted({ draft, sign }: { draft: Draft; sign: (typeof SIGNS)[number] }) {
  const filed = filedOf(draft, sign)
  if (filed === null || !filed.converted) return null
  return (
    <p className={css.converted} role="status">
      Filed as {filed.value} {filed.unit.label}
    </p>
  )
}

const Doubt = ({ says }: { says: string | undefined }) => (
  <p className={css.doubt} role="status">
    {says}
  </p>
)
