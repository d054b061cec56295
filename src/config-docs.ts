import { format } from 'prettier'
import { z } from 'zod'
import { CONFIG_FILE, ENVIRONMENT } from './config.ts'
import { configSchema } from './config-schema.ts'

// Both files are written anew by: node src/config-docs.ts

const STYLE = { printWidth: 110, trailingComma: 'all', semi: false, singleQuote: true } as const

interface SettingSchema {
  type?: string
  enum?: unknown[]
  description?: string
  default?: unknown
  properties?: Record<string, SettingSchema>
  minimum?: number
  maximum?: number
}

/** The JSON Schema of the configuration file, as `docs/reference/config.schema.json` publishes it. */
export function configJsonSchema(): Promise<string> {
  const schema = z.toJSONSchema(configSchema, { io: 'input' })
  const text = JSON.stringify({ title: 'Practice Studio configuration', ...schema }, null, 2)
  return format(text, { ...STYLE, parser: 'json' })
}

interface Row {
  setting: string
  variable: string
  fallback: string
  description: string
}

const kindOf = ({ enum: choices, type, minimum, maximum }: SettingSchema): string => {
  if (choices) return ` One of ${choices.map((choice) => `\`${String(choice)}\``).join(', ')}.`
  return type === 'integer' && minimum !== undefined ? ` ${minimum} to ${maximum}.` : ''
}

function rowsOf(schema: SettingSchema, path: readonly string[]): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, setting]) => {
    const here = [...path, name]
    const variable = ENVIRONMENT.find((each) => each.path.join('.') === here.join('.'))
    const fallback =
      setting.default === undefined || setting.properties ? '' : `\`${JSON.stringify(setting.default)}\``
    const row = {
      setting: `\`${here.join('.')}\``,
      variable: variable ? `\`${variable.name}\`` : '',
      fallback,
      description: `${setting.description ?? ''}${kindOf(setting)}`,
    }
    return [row, ...rowsOf(setting, here)]
  })
}

/** The reference page, `docs/reference/configuration.md`. */
export function configPage(): Promise<string> {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as SettingSchema
  const lines = rowsOf(schema, []).map(
    ({ setting, variable, fallback, description }) =>
      `| ${[setting, variable, fallback, description].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  )
  const text = `# Configuration

Nothing has to be configured: every setting has a default. A setting comes from its environment variable, else from
the file \`${CONFIG_FILE}\` in the working folder (\`PRACTICE_STUDIO_CONFIG\` names another), else from the default.
Editors check the file as you type when it begins with
\`"$schema": "./docs/reference/config.schema.json"\`.

Secrets are not written in the file. Write where they are:

| Reference | Read from |
|---|---|
| \`env:NAME\` | the environment variable \`NAME\` |
| \`file:PATH\` | the file, without its last line end |
| \`command:PROGRAM ARGUMENTS\` | what the program prints; no shell is involved, quotes keep spaces together |

The master key (\`PRACTICE_STUDIO_KEY\`) is 32 bytes in base64 (\`openssl rand -base64 32\`), or one of these
references. Command-line tools that talk to a running engine sign in with \`PRACTICE_STUDIO_TOKEN\`.

| Setting | Environment | Default | Meaning |
|---|---|---|---|
${lines.join('\n')}

An example:

\`\`\`json
{
  "practice": { "name": "Lakeside Family Practice", "timeZone": "America/New_York" },
  "databaseUrl": "file:/etc/practice-studio/database-url",
  "key": "command:vault kv get -field=key secret/practice-studio",
  "mllp": { "host": "0.0.0.0", "allow": ["10.20.0.0/16"] }
}
\`\`\`
`
  return format(text, { ...STYLE, parser: 'markdown' })
}

if (import.meta.main) {
  const { writeFile } = await import('node:fs/promises')
  const folder = `${import.meta.dirname}/../docs/reference`
  await writeFile(`${folder}/config.schema.json`, await configJsonSchema())
  await writeFile(`${folder}/configuration.md`, await configPage())
}
