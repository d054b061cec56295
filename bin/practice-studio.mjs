#!/usr/bin/env node
// Starts the command line under the Node that the project pins (package `node`), whatever the machine has.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OLDEST = 26
const main = new URL('../src/main.ts', import.meta.url)
const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= OLDEST) await import(main.href)
else if (existsSync(pinned)) runPinned()
else {
  process.stderr.write(`This needs Node ${OLDEST}. Run npm ci in the project's folder, which brings it.\n`)
  process.exitCode = 2
}

function runPinned() {
  // With a channel to us, so that the program ends when we are killed and cannot tell it.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(pinned, [fileURLToPath(main), ...process.argv.slice(2)], { stdio })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}
