import type { Clock } from '../../kernel/clock.ts'
import type { World } from '../world.ts'
import type { Agenda } from './agenda.ts'
import type { Charts } from './chart.ts'
import { CEUUID } from './codes.ts'
import type { Grant, R4Verb, Resource, Switches, Versioned } from './contract.ts'
import type { Overlay } from './overlay.ts'
import type { PatientIndex } from './patient-index.ts'
import type { Query } from './query.ts'

/** What the rooms of the hospital share. */
export interface Base {
  readonly world: World
  readonly clock: Clock
  readonly tenant: string
  readonly openedAt: number
  readonly switches: Switches
  readonly overlay: Overlay
  readonly agenda: Agenda
  readonly charts: Charts
  readonly patients: PatientIndex
}

/** A search parameter as the CapabilityStatement declares it. */
export interface Parameter {
  readonly name: string
  readonly type: 'token' | 'reference' | 'date' | 'string' | 'number'
  readonly documentation: string
}

export interface SearchRule {
  readonly parameters: readonly Parameter[]
  /** One of these has to be there; empty when a search may say nothing. */
  readonly required: readonly string[]
  /** Default and greatest page; null: everything in one bundle. */
  readonly count: { readonly otherwise: number; readonly most: number; readonly least?: number } | null
  readonly include?: readonly string[]
  readonly revinclude?: readonly string[]
  /** The first page begins with these whatever `_count` says. */
  readonly firstPage?: (ids: readonly string[]) => number
}

/** One resource type: how it is read, found and written. Ids are those of the URL. */
export interface Room {
  readonly type: string
  readonly verbs: readonly R4Verb[]
  readonly search: SearchRule | null
  read(id: string, grant: Grant): Versioned | null
  /** Ids in the fixed order of the type. @throws Refusal 400 and 422 */
  find?(query: Query, grant: Grant): readonly string[]
  create?(body: Resource, grant: Grant): Versioned
  update?(now: Versioned, body: Resource, grant: Grant): Versioned
  patch?(now: Versioned, operations: readonly Operation[], grant: Grant): Versioned
  remove?(now: Versioned, grant: Grant): void
  /** Ids of resources that come along with a found one. */
  along?(found: Versioned, include: readonly string[]): readonly { type: string; id: string }[]
}

/** One operation of a JSON Patch (RFC 6902) of the kinds that Cerner takes. */
export interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'test'
  readonly path: string
  readonly value?: unknown
}

/** FHIR instant, UTC. */
export const instant = (ms: number): string => new Date(ms).toISOString()

export const reference = (
  type: string,
  id: string,
  display?: string,
): { reference: string; display?: string } =>
  display === undefined ? { reference: `${type}/${id}` } : { reference: `${type}/${id}`, display }

/** The id in a reference to a type, null for another type or none. */
export function idIn(value: unknown, type: string): string | null {
  const text =
    typeof value === 'object' && value !== null && 'reference' in value ? value.reference : undefined
  if (typeof text !== 'string') return null
  const [kind, id] = text.split('/').slice(-2)
  return kind === type && id !== undefined && id !== '' ? id : null
}

export const meta = (version: string, lastUpdated: number): { versionId: string; lastUpdated: string } => ({
  versionId: version,
  lastUpdated: instant(lastUpdated),
})

/** The human-readable part that every Cerner resource carries. Values are escaped as XHTML. */
export function narrative(title: string, rows: readonly (readonly [string, string | null])[]): unknown {
  const shown = rows.flatMap(([label, value]) =>
    value === null || value === '' ? [] : [`<p><b>${label}</b>: ${escaped(value)}</p>`],
  )
  return {
    status: 'generated',
    div: `<div xmlns="http://www.w3.org/1999/xhtml"><p><b>${title}</b></p>${shown.join('')}</div>`,
  }
}

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark] ?? mark)

/** The identifier of a clinical event: uuid of the domain, event and moment of its version. */
export const eventIdentifier = (event: string, at: number): unknown => ({
  system: CEUUID,
  value: `CE87caf4b7-9397-4667-9897-702218017c9e-${event}-${instant(at).replace(/\D/g, '').slice(0, 14)}00`,
})

/** The written form of a record leaves the version to whoever sends it. */
export function withoutMeta(resource: Resource): Resource {
  const { meta: _meta, text: _text, ...rest } = resource
  return rest
}
