import type { Queryable } from './columns.ts'

export const ENSURE_PRACTICE = `
insert into practice (practice_id, name, country, time_zone) values (current_practice(), $1, $2, $3)
on conflict (practice_id) do update set name = excluded.name, country = excluded.country, time_zone = excluded.time_zone`

/** Writes down the practice that this process serves, as its configuration names it. */
export async function ensurePractice(
  client: Queryable,
  practice: { name: string; country: string; timeZone: string },
): Promise<void> {
  await client.query({ text: ENSURE_PRACTICE, values: [practice.name, practice.country, practice.timeZone] })
}
