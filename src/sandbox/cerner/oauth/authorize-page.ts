import { html, page, type Markup } from '../server-html.ts'
import { INTERNAL_GRANT, type Hospital, type Resource } from '../contract.ts'
import { needsPatient, type Asked } from './authorize.ts'
import { readResourceScope } from './scopes.ts'
import type { SandboxUser } from './users.ts'

export interface PatientChoice {
  readonly id: string
  readonly label: string
}

const OFFERED_PATIENTS = 25

/** The first patients of the hospital, to pick from; any other is named by id. */
export function offeredPatients({ patientId, records, world }: Hospital): PatientChoice[] {
  const count = Math.min(OFFERED_PATIENTS, world.cast.population)
  return Array.from({ length: count }, (_, n) => patientId(n)).map((id) => ({
    id,
    label: patientLabel(records.read('Patient', id, INTERNAL_GRANT).resource),
  }))
}

/** `DOE, JANE, 1990-01-31` */
export function patientLabel({ name, birthDate, id }: Resource): string {
  const first = Array.isArray(name)
    ? (name[0] as { text?: string; family?: string; given?: string[] })
    : undefined
  const said = first?.text ?? [first?.family, first?.given?.join(' ')].filter((part) => part).join(', ')
  return [said === '' ? `Patient ${id ?? ''}` : said, birthDate]
    .filter((part) => typeof part === 'string')
    .join(', ')
}

interface AuthorizePage {
  readonly asked: Asked
  readonly action: string
  readonly interaction: string
  readonly users: readonly SandboxUser[]
  readonly patients: readonly PatientChoice[]
  /** What was wrong with the last try. */
  readonly problem: string | null
}

/** Sign in, choose the patient, and agree to the scopes: one form. */
export function authorizePage(view: AuthorizePage): string {
  const { asked, action, interaction, problem } = view
  const ask = html`<div class="card">
    <h1>Sign in and allow access</h1>
    <p><strong>${asked.client.name}</strong> asks for access to records of this hospital.</p>
    ${problem === null ? html`` : html`<p role="alert" id="problem">${problem}</p>`}
    <form method="post" action="${action}">
      <input type="hidden" name="interaction" value="${interaction}" />
      ${userField(view)} ${needsPatient(asked) ? patientField(view) : html``}
      <fieldset>
        <legend>It may</legend>
        ${asked.scopes.map(scopeField)}
      </fieldset>
      <div class="actions">
        <button type="submit" name="decision" value="allow">Allow</button>
        <button type="submit" name="decision" value="deny" class="second">Deny</button>
      </div>
    </form>
  </div>`
  return page('Sign in', ask)
}

function userField({ asked, users }: AuthorizePage): Markup {
  if (asked.launch !== null) return html`<p class="quiet">Signed in as ${asked.launch.user.name}.</p>`
  const options = users.map((user) => html`<option value="${user.id}">${user.name}</option>`)
  return html`<label class="field" for="user">Sign in as</label>
    <select id="user" name="user">
      ${options}
    </select>
    <p class="quiet">There are no passwords in the sandbox.</p>`
}

function patientField({ asked, users, patients }: AuthorizePage): Markup {
  const choices = asked.persona === 'patient' ? users.map(ownRecord) : patients
  const options = choices.map(({ id, label }) => html`<option value="${id}">${label}</option>`)
  const first = asked.persona === 'patient' ? '' : (choices[0]?.id ?? '')
  return html`<label class="field" for="patient">Patient</label>
    <input
      id="patient"
      name="patient"
      list="patients"
      value="${first}"
      autocomplete="off"
      inputmode="numeric"
    />
    <datalist id="patients">${options}</datalist>
    <p class="quiet">
      ${asked.persona === 'patient' ? 'Leave it empty for your own record.' : 'Pick one of the list, or write a patient id.'}
    </p>`
}

const ownRecord = ({ name, patients }: SandboxUser): PatientChoice => ({ id: patients[0] ?? '', label: name })

function scopeField(scope: string): Markup {
  return html`<label class="check"
    ><input type="checkbox" name="scope" value="${scope}" checked /><span
      >${wordsFor(scope)} <code class="quiet">${scope}</code></span
    ></label
  >`
}

const WORDS: Record<string, string> = {
  launch: 'Open inside PowerChart',
  'launch/patient': 'Know which patient you choose',
  openid: 'Know who you are',
  fhirUser: 'Know your record as a user',
  profile: 'Know your profile',
  online_access: 'Stay connected while you are signed in',
  offline_access: 'Stay connected when you are away',
}
const LETTERS: Record<string, string> = { c: 'add', r: 'read', u: 'change', d: 'delete', s: 'search' }
const WHOSE = { patient: 'of this patient', user: 'that you may see', system: 'of everybody' } as const

function wordsFor(scope: string): string {
  const read = readResourceScope(scope)
  if (read === null) return WORDS[scope] ?? 'Use'
  const { may, type, level } = read
  const verbs =
    may === 'read' || may === 'write' ? may : [...may].map((letter) => LETTERS[letter] ?? letter).join(', ')
  return `${verbs.charAt(0).toUpperCase()}${verbs.slice(1)} ${type} ${WHOSE[level]}`
}

/** When an answer cannot be sent to the app (cerner-fhir-r4.md §2.3). */
export function authorizeErrorPage(error: string, uri: string): string {
  return page(
    'Error',
    html`<div class="card">
      <h1>The app cannot be opened</h1>
      <p role="alert">${error}</p>
      <p>
        Ask whoever runs the app to compare its registration with what it sends: client id, redirect address,
        tenant.
      </p>
      <p class="quiet"><code>${uri}</code></p>
    </div>`,
  )
}
