import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { format } from 'prettier'

// The page is written anew by: node src/command-docs.ts

const run = promisify(execFile)
const MAIN = `${import.meta.dirname}/main.ts`
// The program is loaded once for each command; the cache makes all but the first quick.
const NODE_COMPILE_CACHE = join(tmpdir(), 'practice-studio-compile-cache')

/** What `practice-studio … --help` prints, as a script sees it. */
async function helpOf(...command: string[]): Promise<string> {
  const env = { ...process.env, COLUMNS: '', NO_COLOR: '1', NODE_COMPILE_CACHE }
  const { stdout } = await run(process.execPath, [MAIN, ...command, '--help'], { env })
  return stdout.trim()
}

const NAME = /^ {2}([a-z][a-z-]*)(?: \[options\])?(?: [<[][^ ]+)?(?: {2}|$)/gm

/** The reference page, `docs/reference/commands.md`: the help of every command. */
export async function commandsPage(): Promise<string> {
  const overview = await helpOf()
  const list = overview.slice(overview.indexOf('Commands:'))
  const names = [...list.matchAll(NAME)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]))
  const helps = await Promise.all(names.map(async (name) => ({ name, help: await helpOf(name) })))
  const text = `# Commands

Made from \`--help\`; a test keeps the two equal. From a checkout the commands are run as
\`npx practice-studio <command>\`.

Exit codes: 0 done, 1 failed, 2 usage. With \`--json\` a command prints JSON for scripts. Results go to standard output,
logs and complaints to standard error.

\`start\` and \`demo\` print one line on standard output when they are ready:
\`ready {"http":"http://127.0.0.1:3000","mllp":"127.0.0.1:2575"}\`. They stop on Ctrl-C or SIGTERM, finish the batch under
way and answer what they have taken.

\`exchanges\` and \`replay\` talk to the running engine over HTTP, at \`HOST\` and \`PORT\`. They sign in with
\`PRACTICE_STUDIO_TOKEN\`, and without it make themselves a token for an hour in the database of this configuration.
\`token\`, \`migrate\`, \`backup\`, \`restore\` and \`verify-audit\` open the database themselves, beside a running engine or
without one. The settings are in [configuration.md](configuration.md).

${helps.map(({ name, help }) => `## ${name}\n\n\`\`\`text\n${help}\n\`\`\`\n`).join('\n')}`
  return format(text, { parser: 'markdown', printWidth: 110 })
}

if (import.meta.main) {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`${import.meta.dirname}/../docs/reference/commands.md`, await commandsPage())
}
