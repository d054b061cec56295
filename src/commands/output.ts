import { IntegrationError } from '../kernel/errors.ts'

/** Exit codes of every command (DESIGN §5). */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

export const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
export const printJson = (value: unknown): void => print(JSON.stringify(value))
export const complain = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** A failure as people read it: what happened, and what to do. */
export function explain(error: unknown): string {
  if (error instanceof IntegrationError)
    return `${error.message}\n  What to do: ${error.todo} (${error.code})`
  return error instanceof Error ? error.message : String(error)
}

/** Columns of text, as wide as they need to be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, n) => Math.max(name.length, ...rows.map((row) => (row[n] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
