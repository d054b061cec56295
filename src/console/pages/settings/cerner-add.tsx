import { Button, Modal, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Connection } from '../../../contract/connections.ts'
import { addConnection } from '../../api/cerner.ts'
import { connections } from '../../api/queries.ts'
import { Refused } from '../../parts/states.tsx'
import css from './cerner.module.css'

/** A new Cerner connection starts with a name; the rest is set up on its page. */
export function AddConnection({
  disabled,
  first,
  onAdded,
}: {
  disabled: boolean
  first: boolean
  onAdded: (id: string) => void
}) {
  const client = useQueryClient()
  const [opened, setOpened] = useState(false)
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: () => addConnection({ channel: 'cerner', name: name.trim() }),
    onSuccess: (made) => {
      client.setQueryData<Connection[]>(connections.queryKey, (list = []) => [...list, made])
      void client.invalidateQueries({ queryKey: connections.queryKey, exact: true })
      setOpened(false)
      setName('')
      onAdded(made.id)
    },
  })
  return (
    <>
      <Button
        variant={first ? 'filled' : 'default'}
        leftSection={<IconPlus size={14} />}
        disabled={disabled}
        onClick={() => setOpened(true)}
      >
        Add a Cerner connection
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="Add a Cerner connection"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (name.trim() !== '') add.mutate()
          }}
        >
          <TextInput
            size="xs"
            label="Name"
            description="As people here call it: the hospital, and its domain if there are several."
            data-autofocus
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {add.isError && <Refused error={add.error} />}
          <p className={css.formNote}>
            It starts switched off. Nothing is asked of Cerner before you switch it on.
          </p>
          <div className={css.formButtons}>
            <Button variant="default" onClick={() => setOpened(false)}>
              Cancel
            </Button>
            <Button type="submit" disabled={name.trim() === ''} loading={add.isPending}>
              Add
            </Button>
          </div>
        </form>
      </Modal>
    </>
  )
}
