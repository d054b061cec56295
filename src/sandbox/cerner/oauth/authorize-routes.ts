import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { INTERNAL_GRANT } from '../contract.ts'
import { noteOn } from '../request-log.ts'
import { HTML_TYPE } from '../server-html.ts'
import { MINUTE, type Authority } from './authority.ts'
import { authorizeErrorPage, authorizePage, offeredPatients } from './authorize-page.ts'
import { agree, goesStraight, needsPatient, readAsked, withQuery, type Asked } from './authorize.ts'
import { AUTHORIZE_PROBLEMS, AuthorizeRefusal, errorUri } from './problems.ts'
import { readResourceScope } from './scopes.ts'
import type { SandboxUser } from './users.ts'

const AUTHORIZE = '/tenants/:tenant/protocols/oauth2/profiles/smart-v1/personas/:persona/authorize'
const DECIDE = '/tenants/:tenant/authorization'
const PAGE_LIVES_MS = 10 * MINUTE

interface Interaction {
  readonly asked: Asked
  readonly expiresAt: number
}

/** The authorize address by GET and POST (capability authorize-post), and the form behind its page. */
export async function authorizeRoutes(
  app: FastifyInstance,
  { authority }: { authority: Authority },
): Promise<void> {
  const interactions = new Map<string, Interaction>()

  const ask = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { tenant, persona } = request.params as { tenant: string; persona: string }
    const query = request.method === 'POST' ? formOf(request.body) : queryOf(request)
    noteOn(request, { client: query.get('client_id') })
    if (persona !== 'provider' && persona !== 'patient') return reply.code(404).send()
    return answered(authority, request, reply, query.get('client_id'), () => {
      const asked = readAsked(authority, persona, tenant, query)
      if (goesStraight(asked) && asked.launch !== null) {
        const { user, patient } = asked.launch
        return agree(authority, asked, { user, patient, scopes: asked.scopes })
      }
      return { page: show(asked, null) }
    })
  }

  const show = (asked: Asked, problem: string | null): string => {
    for (const [id, { expiresAt }] of interactions)
      if (expiresAt < authority.clock.now()) interactions.delete(id)
    const interaction = randomUUID()
    interactions.set(interaction, { asked, expiresAt: authority.clock.now() + PAGE_LIVES_MS })
    return authorizePage({
      asked,
      action: `/tenants/${authority.tenant}/authorization`,
      interaction,
      users: usersFor(authority, asked),
      patients:
        asked.persona === 'provider' && needsPatient(asked) ? offeredPatients(authority.hospital) : [],
      problem,
    })
  }

  const decide = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const form = formOf(request.body)
    const id = form.get('interaction') ?? ''
    const open = interactions.get(id)
    interactions.delete(id)
    if (open === undefined || open.expiresAt < authority.clock.now())
      return reply
        .code(400)
        .type(HTML_TYPE)
        .send(authorizeErrorPage('This page was used or has run out.', ''))
    const { asked } = open
    noteOn(request, { client: asked.client.id })
    return answered(authority, request, reply, asked.client.id, () => {
      const choice = choiceOf(authority, asked, form)
      return 'problem' in choice ? { page: show(asked, choice.problem) } : agree(authority, asked, choice)
    })
  }

  app.get(AUTHORIZE, ask)
  app.post(AUTHORIZE, ask)
  app.post(DECIDE, decide)
}

const usersFor = ({ users }: Authority, { persona }: Asked): readonly SandboxUser[] =>
  users.filter((user) => user.persona === persona)

/** Sends the browser on, shows a page, or tells what was refused where it is safe to tell. */
function answered(
  authority: Authority,
  request: FastifyRequest,
  reply: FastifyReply,
  client: string | null,
  act: () => string | { page: string },
): FastifyReply {
  const correlation = randomUUID()
  reply.header('cerner-correlation-id', correlation).header('cache-control', 'no-store')
  try {
    const result = act()
    return typeof result === 'string' ? reply.redirect(result, 302) : reply.type(HTML_TYPE).send(result.page)
  } catch (thrown) {
    if (!(thrown instanceof AuthorizeRefusal)) throw thrown
    const [error, tail] = AUTHORIZE_PROBLEMS[thrown.problem]
    noteOn(request, { note: tail })
    const { origin } = authority.endpoints()
    const uri = errorUri(origin, tail, { instance: correlation, client, tenant: authority.tenant })
    if (thrown.redirect === null) return reply.code(400).type(HTML_TYPE).send(authorizeErrorPage(error, uri))
    const { state } = thrown.redirect
    return reply.redirect(withQuery(thrown.redirect.uri, { error, error_uri: uri, state }), 302)
  }
}

/** What the person chose, or why it cannot be. @throws AuthorizeRefusal `denied` */
function choiceOf(
  authority: Authority,
  asked: Asked,
  form: URLSearchParams,
): { user: SandboxUser; patient: string | null; scopes: readonly string[] } | { problem: string } {
  const scopes = asked.scopes.filter((scope) => form.getAll('scope').includes(scope))
  const denied = new AuthorizeRefusal('denied', { uri: asked.target, state: asked.state })
  if (form.get('decision') !== 'allow') throw denied
  // Without a record to see there is nothing to allow, unless signing in was all that was asked.
  const wanted = asked.scopes.some((scope) => readResourceScope(scope) !== null)
  if (scopes.length === 0 || (wanted && !scopes.some((scope) => readResourceScope(scope) !== null)))
    throw denied
  const user = asked.launch?.user ?? usersFor(authority, asked).find(({ id }) => id === form.get('user'))
  if (user === undefined) return { problem: 'Choose who signs in.' }
  if (!needsPatient(asked)) return { user, patient: null, scopes }
  const patient = (form.get('patient') ?? '').trim()
  if (asked.persona === 'patient') return ownPatient(user, patient, scopes)
  if (!isKnownPatient(authority, patient)) return { problem: 'There is no patient with this id.' }
  return { user, patient, scopes }
}

function ownPatient(
  user: SandboxUser,
  patient: string,
  scopes: readonly string[],
): { user: SandboxUser; patient: string; scopes: readonly string[] } | { problem: string } {
  const own = patient === '' ? user.patients[0] : user.patients.find((id) => id === patient)
  return own === undefined ? { problem: 'This is not your record.' } : { user, patient: own, scopes }
}

function isKnownPatient({ hospital }: Authority, id: string): boolean {
  if (id === '') return false
  try {
    hospital.records.read('Patient', id, INTERNAL_GRANT)
    return true
  } catch {
    return false
  }
}

export const queryOf = (request: FastifyRequest): URLSearchParams =>
  new URL(request.url, 'http://localhost').searchParams

/** The form of a POST; empty when the body was something else. */
export const formOf = (body: unknown): URLSearchParams =>
  body instanceof URLSearchParams ? body : new URLSearchParams()
