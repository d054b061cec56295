import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSender } from '../connectors/hl7v2/send.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import { readAck } from '../standards/hl7v2/read-ack.ts'
import { EXIT, print, printJson } from './output.ts'

export interface SendOptions {
  to: string
  tls: boolean
  ca?: string
  rate?: number
  connections: number
  timeout: number
  json: boolean
}

interface Sent {
  file: string
  code: string
  control_id: string
  says: string
  elapsed_ms: number
}

const VT = 0x0b
const FS = 0x1c

/**
 * `send FILE…|-`: sends the messages of HL7 v2 files over MLLP, prints each acknowledgement and a summary. A file may
 * hold one message, several, or MLLP frames as they were captured.
 *
 * @returns exit code 0 when every message got a positive acknowledgement
 */
export async function send(files: readonly string[], options: SendOptions): Promise<number> {
  const at = options.to.lastIndexOf(':')
  const host = options.to.slice(0, at).replace(/^\[|\]$/g, '')
  const port = Number(options.to.slice(at + 1))
  if (at < 1 || !Number.isInteger(port)) {
    print('Write the receiver as HOST:PORT, for example 127.0.0.1:2575.')
    return EXIT.usage
  }
  const messages = (await Promise.all(files.map(messagesIn))).flat()
  const tls = options.tls ? { enabled: true, ca: options.ca ? `file:${options.ca}` : '' } : undefined
  const results: Sent[] = []
  const queue = messages.values()
  const begin = performance.now()
  let started = 0

  const work = async (): Promise<void> => {
    await using sender = openSender({ host, port, timeoutMs: options.timeout, ...(tls ? { tls } : {}) })
    for (const { file, bytes } of queue) {
      const dueMs = options.rate ? (started++ * 1000) / options.rate - (performance.now() - begin) : 0
      if (dueMs > 0) await sleep(dueMs)
      const outcome = await sender.send(bytes)
      const sent = describe(file, outcome)
      results.push(sent)
      if (options.json) printJson(sent)
      else
        print(
          `${sent.code.padEnd(2)}  ${sent.control_id.padEnd(22)}  ${sent.elapsed_ms.toFixed(1)} ms  ${file}${sent.says ? `\n    ${sent.says}` : ''}`,
        )
    }
  }
  await Promise.all(Array.from({ length: options.connections }, work))
  return summarise(results, performance.now() - begin, options.json)
}

function describe(file: string, outcome: Awaited<ReturnType<ReturnType<typeof openSender>['send']>>): Sent {
  const ack = 'ack' in outcome && outcome.ack ? readAck(outcome.ack) : null
  const problems = ack?.problems.map((one) => `${one.place}: ${one.says}`.trim()) ?? []
  const reason = 'error' in outcome && outcome.error ? outcome.error.message : ''
  return {
    file,
    code: ack?.code || '--',
    control_id: ack?.controlId ?? '',
    says: [...new Set([ack?.text ?? '', ...problems, reason])].filter((text) => text !== '').join('; '),
    elapsed_ms: outcome.elapsedMs,
  }
}

function summarise(results: readonly Sent[], elapsedMs: number, json: boolean): number {
  const codes = new Map<string, number>()
  for (const { code } of results) codes.set(code, (codes.get(code) ?? 0) + 1)
  const perSecond = results.length / (elapsedMs / 1000)
  const positive = (codes.get('AA') ?? 0) + (codes.get('CA') ?? 0)
  const summary = {
    sent: results.length,
    ...Object.fromEntries(codes),
    seconds: Number((elapsedMs / 1000).toFixed(3)),
  }
  if (json) printJson({ summary })
  else {
    const counts = [...codes]
      .map(([code, count]) => `${count} ${code === '--' ? 'without answer' : code}`)
      .join(', ')
    print(`${results.length} sent, ${counts || 'none answered'}, ${perSecond.toFixed(0)}/s`)
  }
  return results.length > 0 && positive === results.length ? EXIT.done : EXIT.failed
}

async function messagesIn(file: string): Promise<{ file: string; bytes: Uint8Array }[]> {
  const content = file === '-' ? await readStdin() : await readFile(file)
  return split(content).map((bytes) => ({ file, bytes }))
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Frames as captured, a batch as one frame, or messages one after the other. */
function split(content: Buffer): Uint8Array[] {
  if (content[0] === VT) {
    const frames: Uint8Array[] = []
    for (let at = 0; at < content.length;) {
      const start = content.indexOf(VT, at)
      const end = content.indexOf(FS, start)
      if (start < 0 || end < 0) break
      frames.push(content.subarray(start + 1, end))
      at = end + 2
    }
    return frames
  }
  const decoded = decode(content)
  const isPlainList =
    decoded.kind === 'batch' && !/^(FHS|BHS)/.test(content.subarray(0, 3).toString('latin1'))
  return isPlainList ? decoded.batch.messages.map((message) => message.bytes) : [content]
}
