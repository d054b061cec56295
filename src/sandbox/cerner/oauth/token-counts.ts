/** Calls of the token endpoint by one client. */
export interface TokenCount {
  readonly granted: number
  readonly refused: number
  readonly byGrantType: Readonly<Record<string, number>>
}

export interface TokenCounts {
  add(clientId: string | null, grantType: string, outcome: 'granted' | 'refused'): void
  /** By client id; `unknown` where none could be told. */
  all(): Record<string, TokenCount>
}

export function openTokenCounts(): TokenCounts {
  const counts = new Map<string, TokenCount>()
  return {
    add(clientId, grantType, outcome) {
      const id = clientId ?? 'unknown'
      const before = counts.get(id) ?? { granted: 0, refused: 0, byGrantType: {} }
      const ofType = (before.byGrantType[grantType] ?? 0) + 1
      counts.set(id, {
        ...before,
        [outcome]: before[outcome] + 1,
        byGrantType: { ...before.byGrantType, [grantType]: ofType },
      })
    },
    all: () => Object.fromEntries(counts),
  }
}
