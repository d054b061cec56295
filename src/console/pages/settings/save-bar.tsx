import { Alert, Button } from '@mantine/core'
import { IconArrowBackUp, IconDeviceFloppy } from '@tabler/icons-react'
import { Refused } from '../../parts/states.tsx'
import { plural } from '../../parts/words.ts'
import css from './settings.module.css'
import type { SettingsDraft } from './use-settings-draft.ts'

/** The foot of a settings form: what is not saved, what stands against saving, and the ways back. */
export function SaveBar({
  form,
  readOnly,
  saved,
}: {
  form: SettingsDraft
  readOnly: boolean
  saved: string
}) {
  const { changed, problem, refused, faults, local, merged, before, saving, reload } = form
  const conflict = problem?.status === 409
  const dirty = changed.length > 0
  return (
    <div className={css.saveBar} data-dirty={dirty}>
      {merged && (
        <Alert color="sky" title="The newer version was loaded" mb="sm">
          Your own changes stand on top of it. Look them over, then save.
        </Alert>
      )}
      {conflict && (
        <Alert color="marigold" title={problem.detail} mb="sm">
          {problem.todo}{' '}
          <Button mt={6} variant="default" loading={reload.isPending} onClick={() => reload.mutate()}>
            Load the newer version and keep my changes
          </Button>
        </Alert>
      )}
      {problem !== null && !conflict && refused === null && <Refused error={saving.error} />}
      <div className={css.saveRow}>
        <span role="status">
          {faults.size > 0
            ? `${plural(faults.size, 'field')} to correct`
            : dirty
              ? `${plural(changed.length, 'change')} not saved`
              : saving.isSuccess
                ? saved
                : 'No change'}
        </span>
        {before !== null && !dirty && (
          <Button
            variant="subtle"
            leftSection={<IconArrowBackUp size={14} />}
            loading={saving.isPending}
            onClick={form.undoSave}
          >
            Undo the save
          </Button>
        )}
        <Button variant="default" disabled={!dirty} onClick={form.undo}>
          Undo changes
        </Button>
        <Button
          type="submit"
          leftSection={<IconDeviceFloppy size={14} />}
          disabled={!dirty || local.size > 0 || readOnly}
          loading={saving.isPending}
        >
          Save
        </Button>
      </div>
    </div>
  )
}
