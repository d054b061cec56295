import type { Config } from '../config.ts'
import { openSandbox } from '../sandbox/sandbox.ts'
import { joinSandboxCerner } from './demo-cerner.ts'
import { EXIT, print } from './output.ts'
import { HOSPITAL_POPULATION } from './sandbox.ts'
import { PARTS } from './parts.ts'
import { announceReady, loginLink, start, untilStopped } from './start.ts'

export interface DemoOptions {
  quiet: boolean
  population: number
  seed: number
  rate: number
}

/** `demo`: the engine, and a sandbox Cerner that registers its people and lives on. */
export async function runDemo(config: Config, options: DemoOptions): Promise<number> {
  await using stack = new AsyncDisposableStack()
  const running = stack.use(await start({ config, only: PARTS, demo: true }))
  announceReady(running)
  print(
    `\n  Open the console: ${(await loginLink(running)) ?? ''}\n  (the link signs you in once, within the hour)\n`,
  )
  const stopped = untilStopped()
  const address = running.engine.address()
  const { population, seed, rate } = options
  const everybody = Math.max(HOSPITAL_POPULATION, population)
  const cerner = stack.use(await joinSandboxCerner(running, { seed, population: everybody }))
  print(`  The sandbox Cerner:  ${cerner.server.url}/powerchart\n`)
  if (!options.quiet && address) {
    const sandbox = openSandbox({
      seed,
      population: everybody,
      hospital: cerner.hospital,
      calendar: cerner.calendar,
      mllp: address,
      ratePerMinute: rate,
      traffic: 'quiet',
    })
    stack.use(sandbox)
    const told = sandbox.backfill(population).then(({ messages, accepted, tookMs }) => {
      const seconds = (tookMs / 1000).toFixed(1)
      print(
        `The sandbox Cerner told the practice’s past: ${messages} messages, ${accepted} accepted, ${seconds} s.`,
      )
      sandbox.start()
      print('Traffic of the day goes on. Stop with Ctrl-C.')
    })
    await Promise.race([told, stopped])
  }
  await stopped
  return EXIT.done
}
