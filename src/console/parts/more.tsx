import { Button } from '@mantine/core'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { plural } from './words.ts'

/** The foot of a cursor list: how much is shown, and more of it. It never waits for a total. */
export function More<T>({
  query,
  shown,
  one,
  many,
}: {
  query: UseInfiniteQueryResult<InfiniteData<T>>
  shown: number
  one: string
  many?: string
}) {
  return (
    <div
      style={{
        display: 'flex',
        gap: 12,
        alignItems: 'center',
        padding: '10px 14px',
        borderTop: '1px solid var(--line)',
      }}
    >
      <span className="dim" style={{ fontSize: '0.75rem' }} role="status">
        {plural(shown, one, many)}
        {query.hasNextPage ? ' so far' : ', that is all'}
      </span>
      {query.hasNextPage && (
        <Button
          variant="default"
          size="compact-sm"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
      {query.isFetchNextPageError && (
        <span role="alert" style={{ color: 'var(--bad)', fontSize: '0.75rem' }}>
          The next page did not load. Try again.
        </span>
      )}
    </div>
  )
}
