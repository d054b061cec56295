import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import chromium from '@sparticuz/chromium'
import { chromium as driver, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { patientRegisterRequest } from '../contract/outbound.ts'
import { answer } from './fixtures/adapter.ts'
import { deskOf } from './fixtures/booking.ts'
import { openFake, type Fake } from './fixtures/fake.ts'

// prettier-ignore
const TYPES: Record<string, string> = {
  '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.html': 'text/html',
}
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
// As the server sends it, but for the frame: that of the EHR is stood in for by a page of our own.
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; frame-ancestors 'self'"
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
// A story walks several pages, each with its own wait for the live stream.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let server: Server
let base: string
let browser: Browser
let fake: Fake

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-register-'))
  await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: folder } })
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname.startsWith('/api/')) return void answer(fake, request, response, 200)
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
// A Thursday morning at the practice, so that free times lie ahead whenever the tests run.
const NOW = Date.parse('2026-11-19T15:00:00Z')
beforeEach(() => {
  fake = openFake({ signedIn: true, now: NOW })
})

/** Opens a window whose clock stands still, and fails on any error of the page. */
async function see(
  path: string,
  look: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    timezoneId: 'America/Chicago',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  await page.clock.setFixedTime(NOW)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // Refused calls, and what a document tries in its frame, are part of some stories.
    const told = /^(Failed to load resource|Blocked script execution|Loading the image)/.test(message.text())
    if (message.type() === 'error' && !told) faults.push(message.text())
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
  await page
    .getByRole('status', { name: /^Loading/ })
    .first()
    .waitFor({ state: 'detached' })
}
const painted = (page: Page): Promise<void> =>
  page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  )
async function expectAccessible(page: Page, theme: 'light' | 'dark' = 'light'): Promise<void> {
  await painted(page)
  // A document stands in a frame that runs nothing, so nothing can look inside it either.
  const axe = new AxeBuilder({ page }).setLegacyMode((await page.locator('iframe[sandbox]').count()) > 0)
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
const SIGHTS = (['light', 'dark'] as const).flatMap((theme) =>
  [
    [1440, 900],
    [390, 844],
  ].map(([width = 0, height = 0]) => ({ theme, width, height })),
)
/** Both themes and widths: no fault of accessibility, no scrolling sideways. */
async function expectSightly(page: Page): Promise<void> {
  for (const { theme, width, height } of SIGHTS) {
    await page.emulateMedia({ colorScheme: theme })
    await page.setViewportSize({ width, height })
    await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor()
    await settled(page)
    await expectAccessible(page, theme)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0)
  }
}

const fill = async (page: Page, last: string, born: string): Promise<void> => {
  await page.getByRole('button', { name: 'Register', exact: true }).first().click()
  const form = page.getByRole('dialog', { name: 'Register a patient' })
  await form.getByLabel('Last name').fill(last)
  await form.getByLabel('First name').fill('Nora')
  await form.getByLabel('Date of birth').fill(born)
  await form.getByRole('combobox', { name: 'Sex' }).click()
  await page.getByRole('option', { name: 'Female' }).click()
}

test('a new patient is registered, and its page shows that it is on its way', async () => {
  await see('/patients', async (page) => {
    await settled(page)
    await fill(page, 'Newman', '02/03/1991')
    await expectSightly(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Register', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: /Newman, Nora/ }).waitFor()
    await page.getByText('New patient').first().waitFor()
  })
  const [sent] = deskOf(fake.world).sent
  expect(sent?.path).toBe('/api/patients')
  expect(patientRegisterRequest.parse(sent?.body)).toMatchObject({
    last_name: 'Newman',
    date_of_birth: '1991-02-03',
    gender: 'F',
    override: false,
  })
})

test('people who may be the same are shown first, to open or to register anyway', async () => {
  const known = fake.world.patients[2] ?? expect.fail('no patient')
  const born = known.date_of_birth ?? ''
  await see('/patients', async (page) => {
    await settled(page)
    await fill(page, known.last_name ?? '', born)
    await page.getByRole('dialog').getByRole('button', { name: 'Register', exact: true }).click()
    const found = page.getByRole('alert', { name: 'May be the same person' })
    await found.getByRole('link', { name: new RegExp(known.first_name ?? '-') }).waitFor()
    await expectSightly(page)
    await page.getByRole('button', { name: 'Register anyway' }).click()
    await page.getByRole('heading', { level: 1, name: /Nora/ }).waitFor()
  })
  const posts = deskOf(fake.world).sent.filter(({ path }) => path === '/api/patients')
  const bodies = posts.map(({ body }) => patientRegisterRequest.parse(body))
  expect(bodies.map(({ override }) => override)).toEqual([false, true])
  expect(bodies[0]?.request_id).toBe(bodies[1]?.request_id)
})

test('who may not register sees no button, and an empty form says what is needed', async () => {
  await see('/patients', async (page) => {
    await settled(page)
    await page.getByRole('button', { name: 'Register', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Register', exact: true }).click()
    await page.getByText('Cannot be empty').first().waitFor()
    expect(await page.getByText('Cannot be empty').count()).toBe(4)
  })
  fake.permissions = fake.permissions.filter((one) => one !== 'patients.write')
  await see('/patients', async (page) => {
    await settled(page)
    expect(await page.getByRole('button', { name: 'Register', exact: true }).count()).toBe(0)
  })
})
