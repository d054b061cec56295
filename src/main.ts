import { enableCompileCache } from 'node:module'
import { Command, CommanderError, Option } from 'commander'
import type { ListOptions, ReplayOptions } from './commands/exchanges.ts'
import { complain, EXIT, explain } from './commands/output.ts'
import { PARTS } from './commands/parts.ts'
import type { Part } from './commands/parts.ts'
import type { SendOptions } from './commands/send.ts'
import type { SyncOptions } from './commands/sync.ts'
import type { Config } from './config.ts'
import { ROLES } from './contract/session.ts'
import type { Role } from './contract/session.ts'

// What was stripped of its types and compiled once is kept for the next start (in the folder Node chooses).
enableCompileCache()

// Each command loads what it needs when it runs: `send` needs no database, and an engine no sandbox.
const loadConfig = async (): Promise<Config> => (await import('./config.ts')).loadConfig()
const commands = {
  apiClient: () => import('./commands/api-client.ts'),
  backup: () => import('./commands/backup.ts'),
  bench: () => import('./commands/bench/bench.ts'),
  demo: () => import('./commands/demo.ts'),
  doctor: () => import('./commands/doctor.ts'),
  exchanges: () => import('./commands/exchanges.ts'),
  migrate: () => import('./commands/migrate.ts'),
  sandbox: () => import('./commands/sandbox.ts'),
  send: () => import('./commands/send.ts'),
  start: () => import('./commands/start.ts'),
  sync: () => import('./commands/sync.ts'),
  token: () => import('./commands/token.ts'),
  verifyAudit: () => import('./commands/verify-audit.ts'),
}

const number = (text: string): number => {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0)
    throw new CommanderError(EXIT.usage, 'usage', `${text} is not a number`)
  return value
}
const collect = (value: string, before: string[]): string[] => [...before, value]

const program = new Command('practice-studio')
  .description('Keeps a medical practice and the Cerner hospital beside it in step.')
  .exitOverride()
  .showHelpAfterError()
  .configureHelp({ sortSubcommands: false })

// A command ends with an exit code: 0 done, 1 failed, 2 usage.
const run = (work: () => Promise<number | void>) => async (): Promise<void> => {
  process.exitCode = (await work()) ?? EXIT.done
}

program
  .command('start')
  .description('engine, HTTP API and console')
  .addOption(new Option('--only <parts>', `run a part of it: ${PARTS.join(', ')}`).default(PARTS.join(',')))
  .action((options: { only: string }) =>
    run(async () => {
      const only = options.only.split(',').map((part) => part.trim())
      const unknown = only.find((part) => !(PARTS as readonly string[]).includes(part))
      if (unknown !== undefined) {
        complain(`There is no part ${unknown}. The parts are ${PARTS.join(', ')}.`)
        return EXIT.usage
      }
      const { runStart } = await commands.start()
      await runStart({ config: await loadConfig(), only: only as Part[], demo: false })
      return EXIT.done
    })(),
  )

program
  .command('demo')
  .description('start, with a sandbox Cerner, a seeded practice and lively traffic')
  .option('--quiet', 'no traffic')
  .option('--population <n>', 'synthetic people to register', number, 300)
  .option('--seed <n>', 'another seed, other people', number, 1)
  .option('--rate <n>', 'messages a minute', number, 90)
  .action((options: { quiet?: boolean; population: number; seed: number; rate: number }) =>
    run(async () =>
      (await commands.demo()).runDemo(await loadConfig(), { ...options, quiet: options.quiet ?? false }),
    )(),
  )

program
  .command('sandbox')
  .description(
    'the Cerner in a box alone: FHIR, SMART and web services, and a day of a practice for an MLLP listener',
  )
  .requiredOption('--to <host:port>', 'where Practice Studio listens')
  .option('--population <n>', 'synthetic people', number, 300)
  .option('--seed <n>', 'another seed, other people', number, 1)
  .option('--rate <n>', 'messages a minute', number, 90)
  .option('--port <n>', 'port of its FHIR, SMART and web services; 0 takes a free one', number, 0)
  .action((options: { to: string; population: number; seed: number; rate: number; port: number }) =>
    run(async () => (await commands.sandbox()).runSandbox(options))(),
  )

program
  .command('send')
  .description('sends HL7 v2 messages over MLLP and prints each acknowledgement')
  .argument('<files...>', 'files with messages; - reads standard input')
  .requiredOption('--to <host:port>', 'the listener')
  .option('--tls', 'use TLS', false)
  .option('--ca <file>', 'PEM of the authority that signed the listener’s certificate')
  .option('--rate <n>', 'messages a second', number)
  .option('--connections <n>', 'connections at once', number, 1)
  .option('--timeout <ms>', 'how long to wait for each acknowledgement', number, 30_000)
  .option('--json', 'one JSON line per message', false)
  .action((files: string[], options: SendOptions) =>
    run(async () => (await commands.send()).send(files, options))(),
  )

program
  .command('sync')
  .description('pulls from Cerner now, and shows how far it is; Ctrl-C leaves the pull running')
  .argument('[connection]', 'name or id; may be left out where there is one Cerner connection')
  .option('--full', 'everything, not only what changed', false)
  .option('--bulk', 'by a bulk export of the group in the settings', false)
  .option('--compare', 'everything, and a report of what differs', false)
  .option('--resource <types...>', 'only these: Patient, Appointment …', [])
  .option('--json', 'the run as JSON when it has ended', false)
  .action((connection: string | undefined, options: SyncOptions) =>
    run(async () => {
      const { sync, untilLeft } = await commands.sync()
      const api = await (await commands.apiClient()).openApi(await loadConfig())
      return sync(api, connection, options, { pollMs: 500, quietMs: 2000, left: untilLeft() })
    })(),
  )

program
  .command('doctor')
  .description('tests connections rung by rung: where they break, what that means, who has to act')
  .argument('[connection]', 'name or id; all that are switched on without it')
  .option('--json', 'one JSON line per connection', false)
  .action((connection: string | undefined, options: { json: boolean }) =>
    run(async () => {
      const { doctor, openExaminer } = await commands.doctor()
      await using examiner = await openExaminer(await loadConfig())
      // Awaited here, since the examiner is closed on leaving.
      return await doctor(examiner, connection, options)
    })(),
  )

program
  .command('exchanges')
  .description('lists the exchange log, or shows one exchange')
  .argument('[id]')
  .option('--state <state>', 'received, applied, parked …')
  .option('--control-id <id>', 'MSH-10')
  .option('--mrn <mrn>', 'messages about a patient')
  .option('--kind <kind>', 'ADT^A08, or ADT')
  .option('--limit <n>', 'how many', number, 20)
  .option('--raw', 'the message as it came', false)
  .option('--json', 'JSON lines', false)
  .action((id: string | undefined, options: ListOptions & { raw: boolean }) =>
    run(async () => {
      const { listExchanges, showExchange } = await commands.exchanges()
      const api = await (await commands.apiClient()).openApi(await loadConfig())
      return id === undefined ? listExchanges(api, options) : showExchange(api, id, options)
    })(),
  )

program
  .command('replay')
  .description('plays exchanges again, as they were or edited')
  .argument('<ids...>')
  .option('--set <place=value>', 'edit a field first, e.g. PID-8=F; may repeat', collect, [])
  .option('--preview', 'only show what it would change', false)
  .option('--json', 'JSON lines', false)
  .action((ids: string[], options: ReplayOptions) =>
    run(async () => {
      const api = await (await commands.apiClient()).openApi(await loadConfig())
      return (await commands.exchanges()).replay(api, ids, options)
    })(),
  )

program
  .command('token')
  .description('makes a bearer token for the HTTP API; it is shown once')
  .addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]).makeOptionMandatory())
  .option('--name <name>', 'who or what uses it', 'command line')
  .option('--days <n>', 'how long it is good', number, 365)
  .option(
    '--scope <scope>',
    'for /fhir/R4 alone: a SMART scope such as system/Patient.rs; may repeat',
    collect,
    [],
  )
  .option('--json', 'prints {"token": …}', false)
  .action((options: { role: Role; name: string; days: number; json: boolean; scope: string[] }) =>
    run(async () => (await commands.token()).makeToken(await loadConfig(), options))(),
  )

program
  .command('migrate')
  .description('brings the database to this version')
  .option('--json', 'JSON', false)
  .action((options: { json: boolean }) =>
    run(async () => (await commands.migrate()).runMigrate(await loadConfig(), options))(),
  )

program
  .command('backup')
  .description('writes a consistent copy of the database to a folder; sealed data stays sealed')
  .argument('<folder>')
  .option('--json', 'JSON', false)
  .action((folder: string, options: { json: boolean }) =>
    run(async () => (await commands.backup()).backupTo(await loadConfig(), folder, options))(),
  )

program
  .command('restore')
  .description('reads a backup into an empty database')
  .argument('<folder>')
  .option('--json', 'JSON', false)
  .action((folder: string, options: { json: boolean }) =>
    run(async () => (await commands.backup()).restoreFrom(await loadConfig(), folder, options))(),
  )

program
  .command('verify-audit')
  .description('walks the audit trail and says whether every row follows the one before')
  .option('--json', 'JSON', false)
  .action((options: { json: boolean }) =>
    run(async () => (await commands.verifyAudit()).runVerifyAudit(await loadConfig(), options))(),
  )

program
  .command('bench')
  .description('measures this machine: one JSON line per figure')
  .argument('[name]', 'parse, ack, applied, start, pull, pull-bulk; all without a name')
  .option('--seconds <n>', 'how long each load runs', number, 10)
  .option('--patients <n>', 'people that a pull brings', number, 2000)
  .action((name: string | undefined, options: { seconds: number; patients: number }) =>
    run(async () => (await commands.bench()).runBench(name, options))(),
  )

// Started by a launcher that was killed: nobody would ever stop this process.
if (process.channel) {
  process.channel.unref()
  process.on('disconnect', () => process.exit(1))
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  else {
    complain(explain(error))
    process.exitCode = EXIT.failed
  }
}
