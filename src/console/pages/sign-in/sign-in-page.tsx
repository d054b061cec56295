import { Alert, Button, PasswordInput } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemFrom } from '../../api/http.ts'
import { session, signIn } from '../../api/queries.ts'
import { BrandMark } from '../../parts/brand.tsx'
import css from './sign-in.module.css'

export function SignInPage() {
  useDocumentTitle('Sign in · Practice Studio')
  const client = useQueryClient()
  const [token, setToken] = useState('')
  const enter = useMutation({
    mutationFn: signIn,
    onSuccess: (opened) => client.setQueryData(session.queryKey, opened),
  })
  // A log-in link that was used before, or is too old, comes back with its problem in the address.
  const staleLink = new URLSearchParams(window.location.search).has('problem') && enter.isIdle
  const problem = enter.error === null ? null : problemFrom(enter.error)
  return (
    <div className={css.page}>
      <aside className={css.side}>
        <svg
          className={css.art}
          viewBox="0 0 400 600"
          preserveAspectRatio="xMidYMid slice"
          aria-hidden="true"
        >
          {Array.from({ length: 9 }, (_, lane) => (
            <path
              key={lane}
              d={`M-20 ${60 + lane * 62} C 140 ${60 + lane * 62}, 190 ${300 + (lane - 4) * 16}, 420 ${300 + (lane - 4) * 34}`}
              className={css.lane}
              data-gold={lane === 5}
            />
          ))}
        </svg>
        <div className={css.sideWords}>
          <BrandMark size={44} />
          <p className={css.name}>
            Practice Studio <span>for Cerner</span>
          </p>
          <p>
            Keeps the practice and the hospital beside it in step. Nothing lost, and every value explained.
          </p>
        </div>
      </aside>
      <main className={css.main}>
        <form
          className={css.form}
          onSubmit={(event) => {
            event.preventDefault()
            enter.mutate(token.trim())
          }}
        >
          <h1>Sign in</h1>
          <p className="dim">Paste an access token. An administrator makes one with</p>
          <pre className={css.command}>npx practice-studio token --role analyst</pre>
          {staleLink && (
            <Alert color="marigold" title="This log-in link no longer opens">
              A link opens once and for a short time. Make a new one, or paste a token.
            </Alert>
          )}
          <PasswordInput
            label="Access token"
            size="md"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            required
            withAsterisk={false}
            error={problem === null ? undefined : `${problem.detail} ${problem.todo}`}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
            autoFocus
          />
          <Button
            type="submit"
            size="md"
            fullWidth
            loading={enter.isPending}
            disabled={token.trim().length < 10}
          >
            Sign in
          </Button>
        </form>
      </main>
    </div>
  )
}
