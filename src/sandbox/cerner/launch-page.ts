import type { FastifyInstance, FastifyReply } from 'fastify'
import { INTERNAL_GRANT, Refusal } from './contract.ts'
import type { Authority } from './oauth/authority.ts'
import { offeredPatients, patientLabel } from './oauth/authorize-page.ts'
import { formOf } from './oauth/authorize-routes.ts'
import { clinicians, launchableApps, startLaunch } from './oauth/launch.ts'
import { html, HTML_TYPE, page, whole } from './server-html.ts'

/** `/powerchart`: a clinician's screen with a patient's chart, from which apps are opened. */
export async function launchPageRoutes(
  app: FastifyInstance,
  { authority }: { authority: Authority },
): Promise<void> {
  app.get('/', async (_request, reply) => reply.redirect('/powerchart', 302))
  app.get('/powerchart', async (_request, reply) => choosing(authority, reply, CHOSEN_FIRST, null))
  app.post('/powerchart', async (request, reply) => {
    const form = formOf(request.body)
    const said = (name: string): string => (form.get(name) ?? '').trim()
    const chosen = {
      user: said('user'),
      patient: said('patient'),
      encounter: said('encounter'),
      client: said('client'),
    }
    try {
      return opened(authority, reply, chosen)
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      const problem = thrown.status === 404 ? 'There is no patient with this id.' : 'This cannot be opened.'
      return choosing(authority, reply.code(400), chosen, problem)
    }
  })
}

interface Chosen {
  readonly user: string
  readonly patient: string
  readonly encounter: string
  readonly client: string
}
const CHOSEN_FIRST: Chosen = { user: '', patient: '', encounter: '', client: '' }

function choosing(
  authority: Authority,
  reply: FastifyReply,
  chosen: Chosen,
  problem: string | null,
): FastifyReply {
  const patients = offeredPatients(authority.hospital)
  const options = (
    list: readonly { id: string; name: string }[],
    selected: string,
  ): ReturnType<typeof html>[] =>
    list.map(({ id, name }) =>
      id === selected
        ? html`<option value="${id}" selected>${name}</option>`
        : html`<option value="${id}">${name}</option>`,
    )
  const apps = launchableApps(authority)
  const body = html`<div class="card">
    <h1>PowerChart</h1>
    <p>Open the chart of a patient, and an app beside it.</p>
    ${problem === null ? html`` : html`<p role="alert">${problem}</p>`}
    ${apps.length === 0 ? html`<p role="alert">No app has a launch address.</p>` : html``}
    <form method="post" action="/powerchart">
      <label class="field" for="user">You are</label>
      <select id="user" name="user">
        ${options(clinicians(authority), chosen.user)}
      </select>
      <label class="field" for="patient">Patient</label>
      <input
        id="patient"
        name="patient"
        list="patients"
        required
        autocomplete="off"
        value="${chosen.patient === '' ? (patients[0]?.id ?? '') : chosen.patient}"
      />
      <datalist id="patients">
        ${patients.map(({ id, label }) => html`<option value="${id}">${label}</option>`)}
      </datalist>
      <p class="quiet">Pick one of the list, or write a patient id.</p>
      <label class="field" for="encounter">Encounter (may stay empty)</label>
      <input id="encounter" name="encounter" autocomplete="off" value="${chosen.encounter}" />
      <label class="field" for="client">App</label>
      <select id="client" name="client">
        ${options(apps, chosen.client)}
      </select>
      <div class="actions"><button type="submit">${buttonText(apps)}</button></div>
    </form>
  </div>`
  return reply.type(HTML_TYPE).header('cache-control', 'no-store').send(page('PowerChart', body))
}

const buttonText = (apps: readonly { name: string }[]): string =>
  apps.every(({ name }) => name.startsWith('Practice Studio')) ? 'Open Practice Studio' : 'Open the app'

function opened(authority: Authority, reply: FastifyReply, chosen: Chosen): FastifyReply {
  const { user, patient, encounter, client } = chosen
  const { url } = startLaunch(authority, {
    user,
    patient,
    encounter: encounter === '' ? null : encounter,
    client,
  })
  if (url === null) throw new Refusal(400, { error: 'client: it has no launch address' })
  const { resource } = authority.hospital.records.read('Patient', patient, INTERNAL_GRANT)
  const who = authority.users.find(({ id }) => id === user)?.name ?? user
  const body = html`<div class="chart">
    <header class="banner">
      <strong>${patientLabel(resource)}</strong>
      <span class="quiet">Patient ${patient}</span>
      <span class="quiet">Signed in as ${who}</span>
      <nav><a href="/powerchart">Close the chart</a></nav>
    </header>
    <main aria-label="App"><iframe title="App beside the chart" src="${url}"></iframe></main>
  </div>`
  return reply.type(HTML_TYPE).header('cache-control', 'no-store').send(whole('PowerChart', body))
}
