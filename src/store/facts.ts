import type { ConnectionId } from '../kernel/ids.ts'
import type { Queryable } from './columns.ts'

/** Something about the other side as it was last seen; nothing of a patient. */
export interface Fact<T> {
  value: T
  at: string
}

/** Where the authorization server is, as discovered. */
export const ENDPOINTS_FACT = 'endpoints'

export const READ_FACT = `
select value, at from connection_fact where practice_id = current_practice() and connection_id = $1 and name = $2`

export async function readFact<T>(
  client: Queryable,
  id: ConnectionId,
  name: string,
): Promise<Fact<T> | undefined> {
  return (await client.query<Fact<T>>({ name: 'read-fact', text: READ_FACT, values: [id, name] })).rows[0]
}

export const PUT_FACT = `
insert into connection_fact (practice_id, connection_id, name, value) values (current_practice(), $1, $2, $3)
on conflict (practice_id, connection_id, name) do update set value = excluded.value, at = now()`

export async function putFact(
  client: Queryable,
  id: ConnectionId,
  name: string,
  value: unknown,
): Promise<void> {
  await client.query({ text: PUT_FACT, values: [id, name, JSON.stringify(value)] })
}

export const FORGET_FACTS = `delete from connection_fact where practice_id = current_practice() and connection_id = $1 and name = any ($2::text[])`

export async function forgetFacts(
  client: Queryable,
  id: ConnectionId,
  names: readonly string[],
): Promise<void> {
  await client.query({ text: FORGET_FACTS, values: [id, names] })
}
