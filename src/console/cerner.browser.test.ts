import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import chromium from '@sparticuz/chromium'
import { chromium as driver, type Browser, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { PERMISSIONS } from '../contract/session.ts'
import { answer } from './fixtures/adapter.ts'
import { openFake, type Fake } from './fixtures/fake.ts'

// The pages of Cerner connections, pulls, connectivity and calls, against the fake engine.

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.html': 'text/html',
}
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let folder: string
let server: Server
let base: string
let browser: Browser
let fake: Fake

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-cerner-'))
  await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: folder } })
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname.startsWith('/api/')) return void answer(fake, request, response, 400)
    const wanted = join(folder, pathname)
    const file = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(folder, 'index.html')
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'text/plain',
      'content-security-policy': POLICY,
    })
    response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await driver.launch({ executablePath: await chromium.executablePath(), args: ARGS })
})
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
})
beforeEach(() => {
  fake = openFake({ signedIn: true })
})

const WIDE: [number, number] = [1440, 900]
const PHONE: [number, number] = [390, 844]

/** Opens a window, does something in it, and fails on any error of the page or breach of the policy. */
async function see(path: string, look: (page: Page) => Promise<void>, size = WIDE): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(8_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text())
  })
  try {
    await page.goto(base + path)
    await look(page)
    expect(faults).toEqual([])
  } finally {
    await context.close()
  }
}
const settled = async (page: Page): Promise<void> => {
  await page.locator('main h1').first().waitFor()
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
}
async function expectAccessible(page: Page, theme: 'light' | 'dark' = 'light'): Promise<void> {
  // What lies half under the sticky head while a page is scrolled is no fault of the page.
  await page.evaluate(() => window.scrollTo(0, 0))
  const axe = new AxeBuilder({ page })
  if (theme === 'dark') axe.withRules(['color-contrast'])
  else axe.withTags(TAGS).disableRules(['landmark-no-duplicate-banner', 'landmark-unique'])
  const { violations } = await axe.analyze()
  const told = violations.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 3)
      .map(({ target, any, all }) => `${id}: ${target.join(' ')}: ${(any[0] ?? all[0])?.message ?? ''}`),
  )
  expect(told).toEqual([])
}
const painted = (page: Page): Promise<void> =>
  page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  )
const cerner = () => fake.world.cerner ?? expect.fail('no Cerner connection')
const exchangeOf = (kind: string) =>
  fake.world.exchanges.find((one) => one.kind === kind) ?? expect.fail(`no ${kind}`)

const CERNER = '/settings/integrations/cerner'
const PULLS = `${CERNER}/pulls`
const PAGES: [name: string, path: () => string][] = [
  ['Cerner, connection', () => CERNER],
  ['Cerner, services', () => `${CERNER}?tab=services`],
  ['Cerner, pulling', () => `${CERNER}?tab=pulling`],
  ['Cerner, who is right', () => `${CERNER}?tab=rules`],
  ['Cerner, advanced', () => `${CERNER}?tab=advanced`],
  ['Pulls', () => `${PULLS}?run=${cerner().runs.find(({ state }) => state === 'failed')?.id}`],
  ['Drift report', () => `${PULLS}?drift=${cerner().drift[0]?.id}`],
  ['Connectivity', () => '/settings/integrations/connectivity'],
  ['Call', () => `/exchanges/${exchangeOf('POST Appointment').id}`],
  ['Resource', () => `/exchanges/${exchangeOf('Patient').id}`],
]
const SIGHTS = (['light', 'dark'] as const).flatMap((theme) => [WIDE, PHONE].map((size) => ({ theme, size })))

test.each(PAGES)(
  '%s has no accessibility fault in both themes and widths, and never scrolls sideways',
  async (_page, path) => {
    await see(path(), async (page) => {
      for (const {
        theme,
        size: [width, height],
      } of SIGHTS) {
        await page.emulateMedia({ colorScheme: theme })
        await page.setViewportSize({ width, height })
        await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor()
        await settled(page)
        await painted(page)
        await expectAccessible(page, theme)
        expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0)
      }
    })
  },
)

test('a first Cerner connection is added from the empty page and starts switched off', async () => {
  fake.empty()
  await see(CERNER, async (page) => {
    await page.getByText('No Cerner connection yet').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add a Cerner connection' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a Cerner connection' })
    await dialog.getByLabel('Name').fill('Lakeview Hospital')
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await page.getByText('Switched off', { exact: true }).waitFor()
    await page.getByText('none yet; the first call gets one').waitFor()
  })
  expect(fake.world.connections.find(({ channel }) => channel === 'cerner')?.name).toBe('Lakeview Hospital')
})

test('discovery fills in the address and the version, and what is not saved is marked and can be undone', async () => {
  const { connection } = cerner()
  await see(CERNER, async (page) => {
    const address = page.getByLabel('FHIR address', { exact: true })
    await address.fill('nowhere')
    await page.getByText('Write a full address such as https://….').waitFor()
    expect(await page.getByRole('button', { name: 'Discover' }).isDisabled()).toBe(true)
    await address.fill('https://fhir-ehr.cerner.com/r4/another-tenant/')
    await page.getByRole('button', { name: 'Discover' }).click()
    await page.getByText('another-tenant', { exact: true }).waitFor()
    expect(await address.inputValue()).toBe('https://fhir-ehr.cerner.com/r4/another-tenant')
    await page.getByText('1 change not saved').waitFor()
    await page.getByRole('tab', { name: 'Connection changes not saved' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Undo changes' }).click()
    await page.getByText('No change', { exact: true }).waitFor()
  })
  expect(connection.version).toBe(4)
})

test('edits stay while the tabs are walked, and leaving the page asks first', async () => {
  await see(CERNER, async (page) => {
    await page.getByLabel('Client id', { exact: true }).fill('another-client')
    await page.getByRole('tab', { name: 'Services' }).click()
    await page.getByRole('radio', { name: 'CommunityWorks' }).check()
    await page.getByRole('tab', { name: 'Pulls' }).click()
    await page.waitForURL(`**${PULLS}`)
    await page.getByRole('tab', { name: /^Pulling/ }).click()
    await page.getByText('2 changes not saved').waitFor()
    const asked: string[] = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void dialog.dismiss()
    })
    await page.getByRole('link', { name: 'Patients' }).click()
    await expect.poll(() => asked).toEqual(['Leave without saving the changed settings?'])
    expect(new URL(page.url()).pathname).toBe(CERNER)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved; the connection runs with it.').waitFor()
  })
  expect(cerner().connection.settings).toMatchObject({
    profile: 'communityworks',
    auth: { clientId: 'another-client', clientSecret: '********' },
  })
})

test('a key pair is made, its public half shown and copied, and its private half never seen', async () => {
  await see(CERNER, async (page) => {
    await page.getByRole('combobox', { name: 'How we prove who we are' }).click()
    await page.getByRole('option', { name: /key pair/ }).click()
    await page.getByRole('button', { name: 'Make a key pair' }).click()
    await page.getByText('BEGIN PUBLIC KEY').waitFor()
    await page.getByRole('button', { name: 'Copy PEM' }).click()
    await page.getByRole('button', { name: 'Copied PEM' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('BEGIN PUBLIC KEY')
    // The server made a newer version of the connection; the edit stands on top of it, without a conflict.
    await page.getByText('version 5').waitFor()
    expect(await page.getByLabel('Key id', { exact: true }).inputValue()).toBe('studio-2026-11')
    expect(await page.getByText('BEGIN PRIVATE KEY').count()).toBe(0)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save', exact: true }).last().click()
    await page.getByText('Saved; the connection runs with it.').waitFor()
  })
})

test('a newer version of the settings is never overwritten unseen', async () => {
  const { connection } = cerner()
  await see(`${CERNER}?tab=advanced`, async (page) => {
    await page.getByLabel('Calls a second', { exact: true }).fill('20')
    connection.version = 9
    connection.settings = { ...connection.settings, zone: 'America/Denver' }
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Load the newer version and keep my changes' }).click()
    await page.getByText('The newer version was loaded').waitFor()
    expect(await page.getByLabel('Time zone', { exact: true }).inputValue()).toBe('America/Denver')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved; the connection runs with it.').waitFor()
  })
  expect(connection.settings).toMatchObject({ zone: 'America/Denver', limits: { requestsPerSecond: 20 } })
})

test('a refused token says why and what to do', async () => {
  cerner().token = 'refused'
  await see(CERNER, async (page) => {
    await page.getByText(/^The authorization server refused a token/).waitFor()
    await page.getByText('Refused', { exact: true }).waitFor()
    await expectAccessible(page)
  })
})

test('a role that may only look sees the settings and changes nothing', async () => {
  fake.permissions = PERMISSIONS.filter((one) => one !== 'connections.write' && one !== 'sync.run')
  await see(CERNER, async (page) => {
    await page.getByText('your role may look, not change').waitFor()
    expect(await page.getByLabel('Client id', { exact: true }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Test connection' }).isDisabled()).toBe(true)
    await page.getByRole('tab', { name: 'Pulls' }).click()
    await page.getByText('your role may look, not start').waitFor()
    expect(await page.getByRole('button', { name: 'Full compare', exact: true }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0)
  })
})

test('the ladder opens the rung that fails, greys what was not reached, and gives the ticket text', async () => {
  cerner().failsAt = 'token'
  await see('/settings/integrations/connectivity', async (page) => {
    await page.getByText('Not tested since this window was opened').waitFor()
    await page.getByRole('button', { name: 'Test all' }).click()
    await page.getByText('Failed at: A token is given').waitFor()
    await page.locator('body').press('j')
    await page.keyboard.press('j')
    await page.waitForURL(`**/connectivity?connection=${cerner().connection.id}`)
    const rungs = page.getByRole('list', { name: 'Rungs of the test' })
    await rungs.getByRole('button', { name: /^A token is given Failed/, expanded: true }).waitFor()
    await rungs
      .getByRole('button', { name: /^All scopes are granted Not reached/, expanded: false })
      .waitFor()
    await rungs.getByText('Who acts: This practice').waitFor()
    await rungs.getByRole('button', { name: 'Copy ticket text' }).click()
    await rungs.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('invalid_client')
    await expectAccessible(page)
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as text' }).click()
    expect((await saving).suggestedFilename()).toMatch(/^connectivity-.*\.txt$/)
    cerner().failsAt = null
    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await page
      .getByRole('row', { name: /Warning at: All scopes are granted/ })
      .last()
      .waitFor()
    await page.reload()
    await page.getByRole('cell', { name: /Failed at: A token is given/ }).waitFor()
  })
})

test('a pull is started, shows how far it is, and is stopped', async () => {
  cerner().runs = []
  await see(PULLS, async (page) => {
    await page.getByText('No pull yet').waitFor()
    await page.getByRole('button', { name: 'Full pull', exact: true }).click()
    const card = page.getByRole('region', { name: 'Full pull, running' })
    await card.getByText('too early to say how long').waitFor()
    const [run] = cerner().runs
    Object.assign(run?.steps[0] ?? {}, { state: 'running', done: 50, total: 100, seen: 50, changed: 3 })
    await card.getByText('50 of 100 patients').waitFor()
    expect(await card.getByRole('progressbar').first().getAttribute('aria-valuenow')).toBe('50')
    expect(await page.getByRole('button', { name: 'Full pull', exact: true }).isDisabled()).toBe(true)
    await card.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Stopped', { exact: true }).first().waitFor()
    await card.waitFor({ state: 'detached' })
  })
})

test('runs are walked with j and k, and a failed one says what to do', async () => {
  const failed = cerner().runs.findIndex(({ state }) => state === 'failed')
  await see(PULLS, async (page) => {
    await page.getByText('5 pulls, that is all').waitFor()
    await page.locator('body').press('j')
    for (let row = 1; row < failed; row++) await page.keyboard.press('j')
    await page.waitForURL((url) => url.searchParams.get('run') === cerner().runs[failed]?.id)
    await page
      .getByRole('complementary', { name: 'Pull', exact: true })
      .getByText('FHIR_UNAVAILABLE')
      .waitFor()
  })
})

test('a drift report is narrowed in the address, opens the record, and is taken away as CSV', async () => {
  const [report, agreed] = cerner().drift
  await see(`${PULLS}?drift=${report?.id}`, async (page) => {
    await page.getByText('7 records shown').waitFor()
    await page.getByRole('combobox', { name: 'Resource' }).click()
    await page.getByRole('option', { name: 'Patient' }).click()
    await page.getByText('2 records shown').waitFor()
    expect(new URL(page.url()).searchParams.get('resource')).toBe('Patient')
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV' }).click()
    const text = readFileSync(await (await saving).path(), 'utf8')
    expect(text.split('\r\n').filter((line) => line.startsWith('Patient,differs'))).toHaveLength(3)
    await page.locator('body').press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/patients/${report?.items[0]?.record?.id}`)
    await page.goto(`${base}${PULLS}?drift=${agreed?.id}`)
    await page.getByText('The two sides agree.').waitFor()
  })
})

test('a call shows request and answer, and JSON that closes and keeps its digits', async () => {
  await see(`/exchanges/${exchangeOf('POST Appointment').id}`, async (page) => {
    const request = page.getByRole('region', { name: 'Request message' })
    await request.getByText('30.0').waitFor()
    await page.getByText('422 Unprocessable Entity').waitFor()
    await request.getByText('4 headers').click()
    await request.getByText('Bearer …').waitFor()
    await request.getByRole('button', { name: /^slot/ }).press('Enter')
    expect(await request.getByText('"Slot/24477854-21304876-62852094-30"').count()).toBe(0)
  })
})

test('a field of a resource pointed at is lit in its JSON', async () => {
  await see(`/exchanges/${exchangeOf('Patient').id}`, async (page) => {
    await page.getByRole('region', { name: 'Mapped message' }).getByRole('button', { name: /^City/ }).hover()
    const lit = page.locator('[data-pane="raw"] [data-lit="true"]')
    await lit.filter({ hasText: 'city' }).waitFor()
    expect((await lit.allInnerTexts()).join(' ')).not.toContain('postalCode')
  })
})

test('the log tells what went out from what came in, and filters calls by kind', async () => {
  await see('/settings/integrations/logs?direction=out', async (page) => {
    await settled(page)
    await page.getByRole('img', { name: 'out' }).first().waitFor()
    expect(await page.getByRole('img', { name: 'in', exact: true }).count()).toBe(0)
    await page.getByRole('combobox', { name: 'Kind' }).click()
    await page.getByRole('option', { name: 'GET Patient' }).click()
    await page.getByText('1 message, that is all').waitFor()
    await expectAccessible(page)
  })
})

test('g c opens Cerner, g n the connectivity test, and the palette knows the pulls', async () => {
  await see('/today', async (page) => {
    await settled(page)
    await page.locator('body').press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { name: 'Cerner', level: 1 }).waitFor()
    await page.locator('body').press('g')
    await page.keyboard.press('n')
    await page.getByRole('heading', { name: 'Connectivity Test', level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder(/MRN, name/).fill('drift')
    await page.getByText('Pulls and drift').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**${PULLS}`)
  })
})

test('a status that fails is told with its code, and tried again', async () => {
  const id = cerner().connection.id
  fake.failing.add(`/api/connections/${id}/cerner`)
  await see(CERNER, async (page) => {
    const alert = page.getByRole('alert')
    await alert.getByText('STORE_UNAVAILABLE').waitFor()
    fake.failing.clear()
    await alert.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('tab', { name: 'Connection' }).waitFor()
  })
})
