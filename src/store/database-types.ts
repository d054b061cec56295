import pg from 'pg'

// pg_type.dat
const OID = { date: 1082, dates: 1182, timestamptz: 1184, timestamptzs: 1185, timestamp: 1114 } as const

/**
 * An instant as ISO 8601 with `Z`, every digit PostgreSQL sent kept. The session runs in UTC, so the text only has
 * to be cut anew; a `Date` would lose the microseconds that cursors and `as_of` compare by.
 *
 * @param text `2026-03-08 08:30:00.123456+00`, `infinity` or `-infinity`
 */
export function instantOf(text: string): string {
  if (!text.endsWith('+00')) return text
  return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`
}

const asText = (text: string): string => text

const parsers = new pg.TypeOverrides()
parsers.setTypeParser(OID.timestamptz, instantOf)
parsers.setTypeParser(OID.date, asText)
parsers.setTypeParser(OID.timestamp, asText)
parsers.setTypeParser(OID.dates, (text: string) => parseArray(text, asText))
parsers.setTypeParser(OID.timestamptzs, (text: string) => parseArray(text, instantOf))

// Dates and instants hold no commas or braces; only instants are quoted, for their space.
function parseArray(text: string, parse: (item: string) => string): (string | null)[] {
  if (text === '{}') return []
  const items = text.slice(1, -1).split(',')
  return items.map((item) => (item === 'NULL' ? null : parse(item.replace(/^"|"$/g, ''))))
}

/**
 * How values come out of PostgreSQL: `timestamptz` as ISO text, `date` as `YYYY-MM-DD`, `bytea` as Buffer, `json` as
 * what it says, and `bigint` and `numeric` as text, which neither rounds them nor trips over JSON.
 */
export const TYPE_PARSERS: pg.CustomTypesConfig = parsers
