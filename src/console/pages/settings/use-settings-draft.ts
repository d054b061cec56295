import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import type { Connection } from '../../../contract/connections.ts'
import { api, problemFrom } from '../../api/http.ts'
import { connections, updateConnection } from '../../api/queries.ts'
import {
  faultFromServer,
  faultsOf,
  filled,
  getAt,
  isRecord,
  putAt,
  type JsonSchema,
  type Values,
} from './json-schema.ts'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
export interface Draft {
  name: string
  enabled: boolean
  settings: Values
}
const draftOf = (one: Connection, schema: JsonSchema): Draft => {
  const settings = filled(schema, one.settings)
  return { name: one.name, enabled: one.enabled, settings: isRecord(settings) ? settings : {} }
}

/** The places that differ, as deep as groups of settings go: `port`, `fhir.base`, `pull.resources`. */
export function placesThatDiffer(schema: JsonSchema, mine: unknown, stored: unknown, path = ''): string[] {
  if (schema.properties === undefined || !isRecord(mine) || !isRecord(stored))
    return same(mine, stored) ? [] : [path]
  return Object.keys({ ...stored, ...mine }).flatMap((key) =>
    placesThatDiffer(
      schema.properties?.[key] ?? {},
      mine[key],
      stored[key],
      path === '' ? key : `${path}.${key}`,
    ),
  )
}

/** Their newer settings with my own changes on top of them. */
export function rebased(mine: Draft, changed: readonly string[], theirs: Draft): Draft {
  return {
    name: changed.includes('name') ? mine.name : theirs.name,
    enabled: changed.includes('enabled') ? mine.enabled : theirs.enabled,
    settings: changed
      .filter((place) => place.startsWith('settings.'))
      .map((place) => place.slice('settings.'.length))
      .reduce<Values>(
        (settings, place) => putAt(settings, place, getAt(mine.settings, place)),
        theirs.settings,
      ),
  }
}

/**
 * What a person edits of a connection: the draft, what of it is not saved, what is wrong with it, and the four ways
 * on: save, undo, undo the save, and take a newer version without losing the own changes.
 *
 * @param staysHere true for an address that shows the same form, so that its tabs do not count as leaving
 */
export function useSettingsDraft(
  one: Connection,
  schema: JsonSchema,
  staysHere: (next: { pathname: string; search: object }) => boolean = () => false,
) {
  const client = useQueryClient()
  const [base, setBase] = useState(one)
  const [draft, setDraft] = useState(() => draftOf(one, schema))
  const [before, setBefore] = useState<Draft | null>(null)
  const [merged, setMerged] = useState(false)
  const stored = draftOf(base, schema)
  const changed = [
    ...(draft.name === stored.name ? [] : ['name']),
    ...(draft.enabled === stored.enabled ? [] : ['enabled']),
    ...placesThatDiffer(schema, draft.settings, stored.settings, 'settings'),
  ]
  const local = faultsOf(schema, draft.settings)
  const refreshAround = (): void => {
    void client.invalidateQueries({ queryKey: connections.queryKey, exact: true })
    void client.invalidateQueries({ queryKey: ['cerner', base.id] })
  }
  const save = useMutation({
    mutationFn: (next: Draft) => updateConnection(base.id, { version: base.version, ...next }),
    onSuccess: (saved) => {
      setBefore(stored)
      setBase(saved)
      setDraft(draftOf(saved, schema))
      setMerged(false)
      refreshAround()
    },
  })
  const take = (newer: Connection): void => {
    setBase(newer)
    setDraft((mine) => rebased(mine, changed, draftOf(newer, schema)))
    save.reset()
    refreshAround()
  }
  const newest = (): Promise<Connection> => api<Connection>(`/api/connections/${base.id}`)
  const reload = useMutation({
    mutationFn: newest,
    onSuccess: (newer) => {
      take(newer)
      setMerged(true)
    },
  })
  useBlocker({
    shouldBlockFn: ({ next }) =>
      !staysHere(next) && !window.confirm('Leave without saving the changed settings?'),
    enableBeforeUnload: changed.length > 0,
    disabled: changed.length === 0,
  })
  const problem = save.error === null ? null : problemFrom(save.error)
  const refused = problem === null ? null : faultFromServer(problem.detail)
  return {
    base,
    draft,
    changed,
    merged,
    before,
    saving: save,
    reload,
    problem,
    refused,
    /** Faults that stop a save; `faults` also has the one that the server found. */
    local,
    faults: refused === null ? local : new Map([...local, refused]),
    setDraft,
    get: (place: string): unknown => getAt(draft.settings, place),
    set: (place: string, value: unknown): void =>
      setDraft((mine) => ({ ...mine, settings: putAt(mine.settings, place, value) })),
    setAll: (values: Readonly<Record<string, unknown>>): void =>
      setDraft((mine) => ({
        ...mine,
        settings: Object.entries(values).reduce<Values>(
          (settings, [place, value]) => putAt(settings, place, value),
          mine.settings,
        ),
      })),
    save: (): void => {
      if (local.size === 0) save.mutate(draft)
    },
    undo: (): void => {
      setDraft(stored)
      save.reset()
      setMerged(false)
    },
    undoSave: (): void => {
      if (before !== null) save.mutate(before)
    },
    /** After an action that changes the connection by itself, such as making a key. */
    catchUp: async (): Promise<void> => take(await newest()),
  }
}
export type SettingsDraft = ReturnType<typeof useSettingsDraft>
