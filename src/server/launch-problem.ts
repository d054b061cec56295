import type { IntegrationError } from '../kernel/errors.ts'
import { meaningOf } from '../standards/smart/token.ts'

/** Why a launch did not go through, as a whole page: it stands in the chart, where no console is loaded yet. */
export function launchProblemPage(error: IntegrationError, traceId: string): string {
  const meaning = meaningIn(error)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Practice Studio did not open</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; padding: 2rem 1rem; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText }
main { max-width: 40rem; margin: 0 auto }
h1 { font-size: 1.375rem; line-height: 1.3 }
.small { font-size: .875rem }
</style>
</head>
<body>
<main role="alert">
<h1>Practice Studio did not open</h1>
<p>${escaped(error.message)}</p>
${meaning === null ? '' : `<p>${escaped(meaning.means)} ${escaped(meaning.todo)}</p>`}
<p><strong>What to do:</strong> ${escaped(error.todo)}</p>
<p class="small">For support: ${escaped(error.code)}, ${escaped(traceId)}</p>
</main>
</body>
</html>
`
}

/** What Cerner's own code means, where it is one that we know. */
function meaningIn({ code, at }: IntegrationError): { means: string; todo: string } | null {
  if (code !== 'LAUNCH_REFUSED') return null
  const [error = '', urn = null] = String(at['reason']).split(', ')
  return (
    AUTHORIZE_ERRORS.find(({ is }) => is === urn) ??
    meaningOf({ error, urn }) ??
    AUTHORIZE_ERRORS.find(({ is }) => is === error) ??
    null
  )
}

// Cerner's reasons at the authorize address (cerner-fhir-r4.md §2.6); the URN says more than the code.
// prettier-ignore
const AUTHORIZE_ERRORS: readonly { is: string; means: string; todo: string }[] = [
  { is: 'grant:denied-by-server', means: 'Access was declined on the page of Cerner.', todo: 'Open the app again and allow what it asks for.' },
  { is: 'smart-v1:grant:launch:invalid-launch-code', means: 'The chart’s ticket for this launch was used or has run out.', todo: 'Open the app again from the chart; a reload of its page is not enough.' },
  { is: 'audience-required', means: 'The FHIR address of the launch was not taken.', todo: 'Check the FHIR address of the connection.' },
  { is: 'unauthorized-client-for-tenant', means: 'The app is not enabled for this hospital.', todo: 'Ask the site to enable the app for its tenant.' },
  { is: 'unknown-tenant', means: 'The authorization server does not know the tenant.', todo: 'Check the tenant in the FHIR address of the connection.' },
  { is: 'patient-scope-requires-one-patient-id', means: 'A scope for one patient was asked for and no patient is in context.', todo: 'Open a chart first, or ask for user/ scopes in the settings of the launch.' },
  { is: 'access_denied', means: 'Access was declined.', todo: 'Open the app again and allow what it asks for, or ask the site whether your account may use it.' },
]

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
