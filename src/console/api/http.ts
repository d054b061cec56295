import type { Problem } from '../../contract/common.ts'

/** A failed call: the problem document of the server, or one of ours when no answer came. */
export class ApiProblem extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ApiProblem'
    this.problem = problem
  }
}

const unreachable: Problem = {
  type: 'about:blank',
  title: 'No answer',
  status: 0,
  code: 'SERVER_UNREACHABLE',
  detail: 'The server did not answer.',
  todo: 'Check the network and that Practice Studio is running, then try again.',
}

let csrf = ''
/** Set from the session; every change sends it back as `X-CSRF-Token`. */
export const setCsrfToken = (token: string): void => {
  csrf = token
}

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Non-PHI only: query strings end up in access logs. */
  query?: Record<string, string | number | undefined>
  body?: unknown
  signal?: AbortSignal
}

export function urlOf(path: string, query: Call['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? path : `${path}?${search.toString()}`
}

async function send(path: string, call: Call): Promise<Response> {
  const method = call.method ?? 'GET'
  const headers: Record<string, string> = { accept: 'application/json' }
  if (method !== 'GET') headers['x-csrf-token'] = csrf
  if (call.body !== undefined) headers['content-type'] = 'application/json'
  try {
    return await fetch(urlOf(path, call.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal: call.signal,
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiProblem(unreachable)
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null
  if (typeof body?.code === 'string') return { ...unreachable, title: body.code, ...body }
  // Gateways answer with pages of their own when the engine is away.
  if (response.status >= 502) return unreachable
  return {
    ...unreachable,
    status: response.status,
    title: response.statusText,
    code: `HTTP_${response.status}`,
    detail: `The server answered with status ${response.status}.`,
    todo: 'Try again. If it lasts, look at the log of the server.',
  }
}

/** @throws ApiProblem */
export async function api<T>(path: string, call: Call = {}): Promise<T> {
  const response = await send(path, call)
  if (!response.ok) throw new ApiProblem(await problemOf(response))
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** @throws ApiProblem */
export async function apiText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await send(path, { signal })
  if (!response.ok) throw new ApiProblem(await problemOf(response))
  return response.text()
}

/**
 * Bytes with the media type that the server gave them.
 *
 * @throws ApiProblem
 */
export async function apiBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await send(path, { signal })
  if (!response.ok) throw new ApiProblem(await problemOf(response))
  return response.blob()
}

export const problemFrom = (error: unknown): Problem =>
  error instanceof ApiProblem
    ? error.problem
    : {
        ...unreachable,
        code: 'CONSOLE_FAULT',
        detail: 'This page met a fault of its own.',
        todo: 'Reload the page.',
      }
