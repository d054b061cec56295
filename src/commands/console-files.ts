import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDER = resolve(ROOT, 'dist/console')

/**
 * The built console. `npm ci` builds it; where install scripts were switched off it is built here, once.
 *
 * @returns the folder to serve
 */
export async function ensureConsole(log: { info(fields: object, message: string): void }): Promise<string> {
  if (existsSync(resolve(FOLDER, 'index.html'))) return FOLDER
  log.info({}, 'building the console, which takes some seconds the first time')
  const { build } = await import('vite')
  await build({ root: ROOT, configFile: resolve(ROOT, 'vite.config.ts'), logLevel: 'warn' })
  return FOLDER
}
