import { useQuery } from '@tanstack/react-query'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { problemFrom, setCsrfToken } from '../api/http.ts'
import { session } from '../api/queries.ts'
import { Loading, Refused } from '../parts/states.tsx'
import { LaunchEnded } from '../pages/launch/launch-ended.tsx'
import { SignInPage } from '../pages/sign-in/sign-in-page.tsx'
import { SessionProvider } from './session.ts'
import { Shell } from './shell.tsx'

/** Nothing is shown without a session: signing in happens in place, so that an address opens where it points. */
export function Frame() {
  const query = useQuery(session)
  const framed = useRouterState({ select: (state) => state.location.pathname === '/launch' })
  const token = query.data?.csrf
  if (token !== undefined) setCsrfToken(token)
  if (query.data !== undefined)
    return <SessionProvider value={query.data}>{framed ? <Outlet /> : <Shell />}</SessionProvider>
  if (query.isError && problemFrom(query.error).status === 401)
    // Nobody types a token inside the chart: what opens a session there is a launch.
    return framed ? <LaunchEnded /> : <SignInPage />
  if (query.isError)
    return (
      <main>
        <Refused error={query.error} onRetry={() => void query.refetch()} />
      </main>
    )
  return (
    <main>
      <Loading label="Opening Practice Studio" rows={4} />
    </main>
  )
}
