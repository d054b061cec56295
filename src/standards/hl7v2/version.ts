/** True when version is at least `minimum` (`2.3.1` against `2.5`); an empty version is the oldest. */
export function atLeast(version: string, minimum: string): boolean {
  const have = version.split('.')
  const want = minimum.split('.')
  for (let i = 0; i < want.length; i++) {
    const difference = Number(have[i] ?? 0) - Number(want[i])
    if (difference !== 0) return difference > 0
  }
  return true
}

/** True for 2.1 to 2.8.x, the versions we take. */
export const isSupportedVersion = (version: string): boolean => /^2\.[1-8](?:\.\d{1,2})*$/.test(version)
