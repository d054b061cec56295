import { openCerner } from '../sandbox/cerner/cerner.ts'
import { openSandbox } from '../sandbox/sandbox.ts'
import { EXIT, print } from './output.ts'
import { untilStopped } from './start.ts'

export interface SandboxCommand {
  to: string
  population: number
  seed: number
  rate: number
  /** Of the web doors; 0 takes any free one. */
  port: number
}

/** Everybody the hospital knows; the practice registers some of them. */
export const HOSPITAL_POPULATION = 5000

/** `sandbox --to HOST:PORT`: the Cerner in a box, alone. */
export async function runSandbox({ to, population, seed, rate, port }: SandboxCommand): Promise<number> {
  const at = to.lastIndexOf(':')
  const mllp = { host: to.slice(0, at), port: Number(to.slice(at + 1)) }
  if (at < 1 || !Number.isInteger(mllp.port)) {
    print('Write the receiver as HOST:PORT, for example 127.0.0.1:2575.')
    return EXIT.usage
  }
  const everybody = Math.max(HOSPITAL_POPULATION, population)
  await using cerner = await openCerner({ cast: { seed, population: everybody }, port })
  print(`FHIR, SMART and Millennium services: ${cerner.server.url}/_sandbox/state`)
  await using sandbox = openSandbox({
    seed,
    population: everybody,
    hospital: cerner.hospital,
    calendar: cerner.calendar,
    mllp,
    ratePerMinute: rate,
    traffic: 'quiet',
  })
  const told = await sandbox.backfill(population)
  print(`${told.messages} messages about the past: ${told.accepted} accepted, ${told.rejected} rejected`)
  sandbox.start()
  print('The day goes on; stop with Ctrl-C.')
  await untilStopped()
  return EXIT.done
}
