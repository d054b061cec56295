import { connect } from 'node:net'
import { benchFrame } from './messages.ts'

/**
 * The load of `bench`, as a process of its own so that it does not share the engine's event loop: C connections, each
 * waits for its acknowledgement, for S seconds. Prints one JSON line: messages, seconds, latencies in milliseconds.
 */
interface DriverOptions {
  port: number
  connections: number
  seconds: number
  results: number
  run: string
}

const PREPARED = 40_000
const FS = 0x1c

const options = JSON.parse(process.argv[2] ?? '{}') as DriverOptions
const mix = { patients: 500, results: options.results, run: options.run }
const prepared = Array.from({ length: PREPARED }, (_, k) => benchFrame(k, mix))
const latencies: number[] = []
const answers = { positive: 0, negative: 0 }
let next = 0

function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
    let sentAt = 0
    let tail = ''
    const send = (): void => {
      if (performance.now() > endAt) {
        socket.destroy()
        resolve()
        return
      }
      const k = next++
      sentAt = performance.now()
      socket.write(prepared[k] ?? benchFrame(k, mix))
    }
    socket.once('connect', send)
    socket.once('error', reject)
    socket.on('data', (chunk: Buffer) => {
      tail += chunk.toString('latin1')
      if (tail.charCodeAt(tail.length - 2) !== FS) return
      if (/\rMSA\|[AC]A\|/.test(tail)) answers.positive += 1
      else answers.negative += 1
      tail = ''
      latencies.push(performance.now() - sentAt)
      send()
    })
  })
}

const beginAt = performance.now()
const endAt = beginAt + options.seconds * 1000
await Promise.all(Array.from({ length: options.connections }, run))
const seconds = (performance.now() - beginAt) / 1000
latencies.sort((a, b) => a - b)
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0
process.stdout.write(`${JSON.stringify({ ...answers, seconds, p50: at(0.5), p99: at(0.99), max: at(1) })}\n`)
