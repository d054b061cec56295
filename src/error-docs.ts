import { readFile } from 'node:fs/promises'
import { format } from 'prettier'
import { ERRORS } from './kernel/errors.ts'
import type { ErrorCode } from './kernel/errors.ts'
import { statusOf } from './server/problems.ts'

// The page is written anew by: node src/error-docs.ts

export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[]

// Stands for any place a sentence may name, and shows where it goes.
const PLACES = new Proxy({}, { get: (_target, name) => `{${String(name)}}` })

/** The sentence of an error, with its places in braces: `Required field {field} is empty.` */
export const sentenceWithPlaces = (code: ErrorCode): string =>
  (ERRORS[code].says as (at: object) => string)(PLACES)

const HEADING = /^ {2}\/\/ --- (.+) ---$/
const CODE = /^ {2}([A-Z][A-Z0-9_]+): \{$/

/** The sections of the error table, as its own comments name them. */
async function readSections(): Promise<{ title: string; codes: ErrorCode[] }[]> {
  const source = await readFile(`${import.meta.dirname}/kernel/errors.ts`, 'utf8')
  const sections: { title: string; codes: ErrorCode[] }[] = []
  for (const line of source.split('\n')) {
    const title = HEADING.exec(line)?.[1]
    if (title !== undefined) sections.push({ title, codes: [] })
    const code = ERROR_CODES.find((one) => one === CODE.exec(line)?.[1])
    if (code) sections.at(-1)?.codes.push(code)
  }
  return sections
}

const titled = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

// Line ends of HL7 appear in some sentences as `\.br\`; Markdown would take the backslashes away.
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('*', '\\*')

const entry = (code: ErrorCode): string => `### ${code}

*${ERRORS[code].kind}*, HTTP ${statusOf(code)}

${escaped(sentenceWithPlaces(code))}

**What to do:** ${escaped(ERRORS[code].todo)}
`

/** The reference page, `docs/reference/errors.md`. */
export async function errorsPage(): Promise<string> {
  const sections = await readSections()
  const text = `# Errors

Made from \`src/kernel/errors.ts\`; a test keeps the two equal. Every failure and every warning of the product carries
one of these codes. Words in braces are places in a message or a system (\`PID-7\`, \`row 41\`), never values.

| Kind | Means | What the queue does |
|---|---|---|
| *transient* | surely not processed, and may pass by itself | tries again, later each time |
| *ambiguous* | perhaps processed | tries again only where the far side recognises repeats |
| *permanent* | the same next time | parks the message; a person decides |

A code can also be a warning on a message that was applied: the value in question was then left out or kept as text,
and the rest of the message stands. The HTTP status is the one the API answers with when a request meets the error.

${sections.map(({ title, codes }) => `## ${titled(title)}\n\n${codes.map(entry).join('\n')}`).join('\n')}`
  return format(text, { parser: 'markdown', printWidth: 110 })
}

if (import.meta.main) {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`${import.meta.dirname}/../docs/reference/errors.md`, await errorsPage())
}
