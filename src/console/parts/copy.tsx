import { Button, type ButtonProps } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import css from './copy.module.css'

/** Copies a text, and says so on the button and to screen readers. */
export function CopyButton({
  text,
  label,
  what,
  ...props
}: { text: string; label?: string; what: string } & ButtonProps) {
  const { copied, copy, error } = useClipboard({ timeout: 2_000 })
  const shown = error !== null ? 'Not copied' : copied ? 'Copied' : (label ?? 'Copy')
  return (
    <Button
      variant="default"
      size="compact-xs"
      leftSection={copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
      {...props}
      onClick={() => copy(text)}
      aria-label={label === undefined ? `${shown} ${what}` : shown}
    >
      <span aria-live="polite">{shown}</span>
    </Button>
  )
}

/** A value that somebody else has to type in exactly: shown whole, copied in one press. */
export function CopyLine({ label, value, help }: { label: string; value: string; help?: string }) {
  return (
    <div className={css.line}>
      <div>
        <span className={css.label}>{label}</span>
        {help !== undefined && <span className={css.help}>{help}</span>}
        <code className={css.value}>{value}</code>
      </div>
      <CopyButton text={value} what={label} />
    </div>
  )
}
