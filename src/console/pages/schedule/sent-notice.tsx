import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { withdraw } from '../../api/booking.ts'
import { problemFrom } from '../../api/http.ts'

/** Says that a change is on its way, with a way back while it can still be taken back. It names no person. */
export function noticeSent(title: string, exchangeId: string, refresh: () => Promise<unknown>): void {
  const undo = async (): Promise<void> => {
    notifications.hide(exchangeId)
    try {
      await withdraw(exchangeId)
      notifications.show({ title: 'Taken back', message: 'Nothing was sent to Cerner.', color: 'gray' })
    } catch (error) {
      const { detail, todo } = problemFrom(error)
      notifications.show({ title: detail, message: todo, color: 'red', autoClose: 12_000 })
    }
    await refresh()
  }
  notifications.show({
    id: exchangeId,
    title,
    autoClose: 8_000,
    // At the foot it would lie over the buttons of a drawer.
    position: 'top-center',
    message: (
      <span style={{ display: 'flex', gap: 10, alignItems: 'center', justifyContent: 'space-between' }}>
        On its way to Cerner.
        <Button size="compact-xs" variant="default" onClick={() => void undo()}>
          Undo
        </Button>
      </span>
    ),
    closeButtonProps: { 'aria-label': 'Close' },
  })
}
