import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import '@mantine/core/styles.css'
// After the core, whose plain buttons would undo the chosen day otherwise.
import '@mantine/dates/styles.css'
import '@mantine/spotlight/styles.css'
import '@mantine/notifications/styles.css'
import './theme/global.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiProblem } from './api/http.ts'
import { openRouter } from './router.tsx'
import { theme, variables } from './theme/theme.ts'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // Only a missing answer or a server fault may heal by itself; the others are told at once.
      retry: (failures, error) =>
        failures < 2 &&
        error instanceof ApiProblem &&
        (error.problem.status === 0 || error.problem.status >= 502),
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
  },
})
// A session that ends while a page is open brings the sign-in page, and the address stays.
client.getQueryCache().subscribe(({ query, type }) => {
  if (type !== 'updated' || query.queryKey[0] === 'session') return
  const { error } = query.state
  if (!(error instanceof ApiProblem && error.problem.status === 401)) return
  // A launch that is over still has its session, which says why: that is asked, and the page stays mounted meanwhile.
  if (location.pathname !== '/launch') void client.resetQueries({ queryKey: ['session'] })
  else if (query.queryKey[0] !== 'launch') void client.invalidateQueries({ queryKey: ['launch'] })
})

const router = openRouter()
const schemes = localStorageColorSchemeManager({ key: 'practice-studio.theme' })
// A server that sets a nonce for styles says it here; Mantine writes its variables as a style element.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

const root = document.getElementById('root')
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={variables}
        colorSchemeManager={schemes}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <Notifications position="bottom-right" />
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
