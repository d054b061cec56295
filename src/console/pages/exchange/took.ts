/** "after 18 ms" between two instants. */
export function took(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from)
  return ms < 0
    ? ''
    : ms < 1_000
      ? `after ${ms} ms`
      : ms < 90_000
        ? `after ${(ms / 1_000).toFixed(1)} s`
        : `after ${Math.round(ms / 60_000)} min`
}
