import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { deleteExport, lookAtExport, readExportFile, startExport, waitForExport } from './bulk.ts'
import { clientFor, farSide, sendIssue, sendJson } from './far-side.world.ts'
import type { Answering } from './far-side.world.ts'

const MANIFEST = { requiresAccessToken: true }

async function withClient<T>(
  answering: Answering,
  work: (at: ReturnType<typeof clientFor> & { base: string; asked: { url: string }[] }) => Promise<T>,
) {
  await using far = await farSide(answering)
  const made = clientFor(far.base)
  await using _ = made.client
  return await work({ ...made, base: far.base, asked: far.asked })
}

describe('an export', () => {
  test('is started for a group, with types and time, and answered by the address of its job', async () => {
    await withClient(
      (_, response) =>
        response.writeHead(202, { 'content-location': '/r4/tenant/bulk-export/jobs/j1' }).end(),
      async ({ client, base, asked }) => {
        const job = await startExport(client, {
          group: 'g1',
          types: ['Patient', 'Observation'],
          since: '2026-01-01T00:00:00Z',
        })
        expect(job).toBe(`${base}/bulk-export/jobs/j1`)
        expect(asked[0]).toMatchObject({
          url: '/r4/tenant/Group/g1/$export?_type=Patient,Observation&_since=2026-01-01T00:00:00Z',
          headers: { prefer: 'respond-async', accept: 'application/fhir+json' },
        })
      },
    )
  })

  test('is one at a time: a second one is told that one runs', async () => {
    await withClient(
      (_, response) => sendIssue(response, 429, { code: 'throttled' }),
      async ({ client, asked }) => {
        await expect(startExport(client, { group: 'g1', types: [] })).rejects.toMatchObject({
          code: 'BULK_EXPORT_RUNNING',
          kind: 'transient',
        })
        expect(asked).toHaveLength(1)
      },
    )
  })

  test('is looked at as seldom as the server says, until its files are there', async () => {
    const output = [{ type: 'Patient', url: 'https://x.example/files/1' }]
    await withClient(
      (_, response, nth) =>
        nth < 3
          ? response.writeHead(202, { 'retry-after': '600', 'x-progress': 'in-progress' }).end()
          : sendJson(response, { transactionTime: '2026-01-04T17:42:25.000Z', output, error: [] }),
      async ({ client, base, timer }) => {
        const manifest = await waitForExport(client, `${base}/bulk-export/jobs/j1`)
        expect(manifest).toMatchObject({
          transactionTime: '2026-01-04T17:42:25.000Z',
          requiresAccessToken: true,
          output,
        })
        expect(timer.waits.filter((ms) => ms > 1000)).toEqual([600_000, 600_000])
      },
    )
  })

  test('that is no longer known has failed', async () => {
    await withClient(
      (_, response) => response.writeHead(404).end(),
      async ({ client, base }) =>
        expect(lookAtExport(client, `${base}/bulk-export/jobs/j1`)).rejects.toMatchObject({
          code: 'BULK_EXPORT_FAILED',
        }),
    )
  })

  test.each([202, 404])('is given back; %i is fine', async (status) => {
    await withClient(
      (_, response) => response.writeHead(status).end(),
      async ({ client, base }) =>
        expect(deleteExport(client, `${base}/bulk-export/jobs/j1`)).resolves.toBeUndefined(),
    )
  })
})

describe('a file of an export', () => {
  const lines = Array.from({ length: 5000 }, (_, n) =>
    JSON.stringify({ resourceType: 'Patient', id: String(n), note: 'é'.repeat(50) }),
  )
  const packed = gzipSync(lines.join('\n') + '\n')

  async function readFile(store: Answering, options: { limitBytes?: number } = {}) {
    await using far = await farSide(store, '/bucket')
    return await withClient(
      (_, response) => response.writeHead(307, { location: `${far.base}/file?X-Amz-Signature=abc` }).end(),
      async ({ client, base, asked, log }) => {
        const read: string[] = []
        const file = { type: 'Patient', url: `${base}/bulk-export/files/1` }
        let error: unknown = null
        try {
          for await (const line of readExportFile(client, MANIFEST, file, options)) read.push(line)
        } catch (thrown) {
          error = thrown
        }
        return { read, error, cerner: asked, store: far.asked, calls: log.calls }
      },
    )
  }

  test('is read from another host, and our token stays at Cerner', async () => {
    const { read, cerner, store, calls } = await readFile((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
    )
    expect(read).toEqual(lines)
    expect(cerner[0]).toMatchObject({ headers: { authorization: 'Bearer secret-token-1' } })
    expect(store[0]?.headers.authorization).toBeUndefined()
    expect(store[0]?.url).toBe('/bucket/file?X-Amz-Signature=abc')
    expect(JSON.stringify(calls)).not.toContain('abc')
  })

  test('is unpacked when the store does not say that it is packed', async () => {
    const { read } = await readFile((_, response) =>
      response.writeHead(200, { 'content-type': 'application/gzip' }).end(packed),
    )
    expect(read).toHaveLength(lines.length)
  })

  test('is read as it is when it is not packed', async () => {
    const { read } = await readFile((_, response) => response.writeHead(200).end(lines.join('\r\n')))
    expect(read).toEqual(lines)
  })

  test('that breaks off is an error after the lines that came', async () => {
    const { read, error } = await readFile((_, response) => {
      response.writeHead(200, { 'content-length': String(packed.length) })
      response.write(packed.subarray(0, packed.length / 2))
      setTimeout(() => response.destroy(), 20)
    })
    expect(error).toMatchObject({ code: 'FHIR_ANSWER_UNREADABLE', kind: 'transient' })
    expect(read.length).toBeLessThan(lines.length)
  })

  test('with one line beyond the limit is refused', async () => {
    const { error } = await readFile((_, response) => response.writeHead(200).end('x'.repeat(3000)), {
      limitBytes: 1000,
    })
    expect(error).toMatchObject({ code: 'FHIR_ANSWER_TOO_LARGE' })
  })

  test('of hundreds of MB needs little memory', async () => {
    const part = gzipSync(
      `${JSON.stringify({ resourceType: 'Patient', note: 'x'.repeat(8000) })}\n`.repeat(1000),
    )
    await using far = await farSide((_, response) => {
      response.writeHead(200)
      let left = 25
      const more = (): void => {
        while (left-- > 0) {
          if (response.write(part)) continue
          response.once('drain', more)
          return
        }
        response.end()
      }
      more()
    })
    const { client } = clientFor(far.base)
    await using _ = client
    let count = 0
    let most = 0
    const before = process.memoryUsage().rss
    for await (const line of readExportFile(client, MANIFEST, { type: 'Patient', url: `${far.base}/file` })) {
      count += line === '' ? 0 : 1
      if (count % 1000 === 0) most = Math.max(most, process.memoryUsage().rss - before)
    }
    // 200 MB unpacked.
    expect(count).toBe(25_000)
    expect(most).toBeLessThan(120 * 1024 * 1024)
  })

  test('can be left in the middle', async () => {
    await using far = await farSide((_, response) => response.writeHead(200).end(packed))
    const { client } = clientFor(far.base, { limits: { concurrency: 1 } })
    await using _ = client
    for (let n = 0; n < 3; n++) {
      for await (const line of readExportFile(client, MANIFEST, {
        type: 'Patient',
        url: `${far.base}/file`,
      })) {
        expect(line).toBe(lines[0])
        break
      }
    }
    expect(far.asked).toHaveLength(3)
  })
})
