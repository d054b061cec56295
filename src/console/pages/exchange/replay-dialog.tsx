import { ActionIcon, Autocomplete, Button, Modal, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPlus, IconX } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ExchangeDetail, ReplayResult } from '../../../contract/exchanges.ts'
import { decoded, replay } from '../../api/queries.ts'
import { BeforeAfter } from '../../parts/before-after.tsx'
import { ErrorCard } from '../../parts/error-card.tsx'
import { Loading, Refused } from '../../parts/states.tsx'
import { useMay } from '../../shell/session.ts'
import css from './exchange.module.css'
import { leafValues } from './link-model.ts'

interface Edit {
  key: number
  place: string
  value: string
}
const PLACE = /^[A-Z][A-Z0-9]{2}(\[\d+\])?-\d+(\[\d+\])?(\.\d+){0,2}$/

function Effect({ result }: { result: ReplayResult }) {
  const moving = result.changes.filter(({ outcome }) => outcome !== 'same')
  return (
    <>
      {result.problem !== null && <ErrorCard error={result.problem} />}
      {result.problem === null && moving.length === 0 && (
        <p className="dim">It would change no field: what it says is already stored.</p>
      )}
      {moving.length > 0 && <BeforeAfter changes={moving} label="What the replay would change" />}
      {result.warnings.map((warning) => (
        <p key={`${warning.code} ${warning.place}`} className="dim">
          {warning.says}
        </p>
      ))}
    </>
  )
}

/** Replay in two steps: what it would do, field by field, and then doing it. The original never changes. */
export function ReplayDialog({ one, onClose }: { one: ExchangeDetail; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const seesRaw = useMay('exchanges.read-raw')
  const message = useQuery({ ...decoded(one.id), enabled: seesRaw })
  const values = message.data === undefined ? new Map<string, string>() : leafValues(message.data)
  const broken = one.error?.place ?? null
  const [edits, setEdits] = useState<Edit[]>(() =>
    broken !== null && PLACE.test(broken) ? [{ key: 0, place: broken, value: '' }] : [],
  )
  const valid = edits.filter(({ place }) => place !== '')
  const wrong = valid.some(({ place }) => !PLACE.test(place))
  const asked = valid.map(({ place, value }) => ({ place, value }))
  const preview = useMutation({ mutationFn: () => replay(one.id, true, asked) })
  const [previewed, setPreviewed] = useState('')
  const current = JSON.stringify(asked)
  const { mutate } = preview
  useEffect(() => {
    setPreviewed('[]')
    if (broken === null) mutate()
  }, [mutate, broken])
  const run = useMutation({
    mutationFn: () => replay(one.id, false, asked),
    onSuccess: async ({ exchange_id }) => {
      notifications.show({
        title: 'Replayed',
        message: 'The copy went through the same steps as a new message.',
        color: 'pine',
      })
      await Promise.all(
        ['exchange', 'exchanges', 'metrics', 'patient'].map((key) =>
          client.invalidateQueries({ queryKey: [key] }),
        ),
      )
      onClose()
      if (exchange_id !== null) await navigate({ to: '/exchanges/$id', params: { id: exchange_id } })
    },
  })
  const change = (key: number, part: Partial<Edit>): void =>
    setEdits(edits.map((edit) => (edit.key === key ? { ...edit, ...part } : edit)))
  const shown = preview.data !== undefined && previewed === current
  const showEffect = (): void => {
    setPreviewed(current)
    mutate()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title="Replay this message"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p className="dim" style={{ marginTop: 0 }}>
        A copy is sent through again; the original stays as it came. Fields may be edited by their place.
      </p>
      {edits.map((edit) => (
        <div key={edit.key} className={css.edit}>
          <Autocomplete
            size="xs"
            aria-label="Place"
            placeholder="PID-8"
            classNames={{ input: 'mono' }}
            value={edit.place}
            limit={12}
            data={[...values.keys()]}
            onChange={(place) =>
              change(edit.key, {
                place: place.toUpperCase(),
                ...(values.has(place) && edit.value === '' ? { value: values.get(place) ?? '' } : {}),
              })
            }
            error={edit.place !== '' && !PLACE.test(edit.place) ? 'Such as PID-5.1 or IN1[2]-36' : undefined}
          />
          <TextInput
            size="xs"
            aria-label={`New value of ${edit.place || 'the field'}`}
            placeholder={
              values.get(edit.place) === undefined ? 'New value' : `Now: ${values.get(edit.place)}`
            }
            value={edit.value}
            autoComplete="off"
            onChange={(event) => change(edit.key, { value: event.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Do not edit ${edit.place || 'this field'}`}
            onClick={() => setEdits(edits.filter(({ key }) => key !== edit.key))}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="subtle"
        size="compact-xs"
        leftSection={<IconPlus size={13} />}
        onClick={() => setEdits([...edits, { key: Date.now(), place: '', value: '' }])}
      >
        Edit a field
      </Button>
      <div className={css.effect} aria-live="polite">
        <h3>What it would do</h3>
        {preview.isPending ? (
          <Loading rows={3} label="Working out the effect" />
        ) : preview.isError ? (
          <Refused error={preview.error} onRetry={showEffect} />
        ) : shown && preview.data !== undefined ? (
          <Effect result={preview.data} />
        ) : (
          <p className="dim">Press “Show effect” to see each field with its old and new value.</p>
        )}
        {run.isError && <Refused error={run.error} />}
      </div>
      <div className={css.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button variant="default" disabled={wrong} loading={preview.isPending} onClick={showEffect}>
          Show effect
        </Button>
        <Button disabled={!shown || wrong} loading={run.isPending} onClick={() => run.mutate()}>
          {asked.length > 0 ? 'Replay the edited copy' : 'Replay'}
        </Button>
      </div>
    </Modal>
  )
}
