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
  folder = await mkdtemp(join(tmpdir(), 'console-'))
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
async function see(path: string, look: (page: Page) => Promise<void>): Promise<void> {
  const [width, height] = WIDE
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(8_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // Refused calls are part of some stories; what the page says itself is not.
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
/** Both themes have the same elements, so the dark one is looked at for its contrast alone. */
async function expectAccessible(page: Page, theme: 'light' | 'dark' = 'light'): Promise<void> {
  const axe = new AxeBuilder({ page })
  if (theme === 'dark') axe.withRules(['color-contrast'])
  // A dialog has a header of its own, which counts as a second banner though the page behind is inert.
  else axe.withTags(TAGS).disableRules(['landmark-no-duplicate-banner', 'landmark-unique'])
  const { violations } = await axe.analyze()
  const told = violations.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 3)
      .map(({ target, any, all }) => `${id}: ${target.join(' ')}: ${(any[0] ?? all[0])?.message ?? ''}`),
  )
  expect(told).toEqual([])
}
/** Resolves when the layout of the last change has been painted. */
const painted = (page: Page): Promise<void> =>
  page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  )

const first = () => fake.world.patients[0] ?? expect.fail('no patient')
const parked = () =>
  fake.world.exchanges.find(({ error, state }) => state === 'parked' && error?.place === 'PID-5') ??
  expect.fail('nothing is parked')
const PAGES: [name: string, path: () => string][] = [
  ['Today', () => '/today'],
  ['Patients', () => '/patients'],
  ['Patient, demographics', () => `/patients/${first().id}`],
  ['Patient, results', () => `/patients/${first().id}?tab=results`],
  ['Patient, history', () => `/patients/${first().id}?tab=history`],
  ['Schedule, day', () => '/schedule?day=2026-11-20'],
  ['Schedule, week', () => '/schedule?view=week&provider=40112'],
  ['HL7 settings', () => '/settings/integrations/hl7'],
  ['Logs', () => '/settings/integrations/logs'],
  ['Message', () => `/exchanges/${parked().id}`],
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

test('a token opens a session in place, and a wrong one says what to do', async () => {
  fake.signedIn = false
  await see('/patients', async (page) => {
    await page.getByLabel('Access token', { exact: true }).fill('wrong-token-0001')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This token or link does not open a session.').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Access token', { exact: true }).fill('fixture-token-0001')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Patients', level: 1 }).waitFor()
    await page.getByRole('button', { name: /^Session of/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })
})

test('a search by name, MRN or phone puts nothing of it into an address', async () => {
  const { last_name: name, mrn } = first()
  await see('/patients', async (page) => {
    await settled(page)
    await page.getByLabel('Name', { exact: true }).fill(name ?? '')
    await page.getByLabel('MRN', { exact: true }).fill(mrn ?? '')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('1 patient, that is all').waitFor()
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder(/MRN, name/).fill(mrn ?? '')
    await page.getByText(/by MRN/).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/patients/${first().id}`)
    await page.goto(`${base}/settings/integrations/logs`)
    await settled(page)
    await page.getByLabel('MRN', { exact: true }).fill(mrn ?? '')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'CSV' }).waitFor()
    expect(page.url()).not.toContain(mrn)
    expect(await page.title()).not.toContain(name)
  })
  expect(fake.asked.filter((asked) => asked.includes(mrn ?? '') || asked.includes(name ?? ''))).toEqual([])
  expect(fake.asked).toContain('POST /api/patients/search')
  expect(fake.asked).toContain('POST /api/exchanges/search')
})

test('rows are walked with j and k, Enter opens, and the preview follows', async () => {
  const [, second] = fake.world.patients
  await see('/patients', async (page) => {
    await settled(page)
    await page.getByRole('table').waitFor()
    await page.locator('body').press('j')
    await page
      .getByLabel('Patient preview', { exact: true })
      .getByText(second?.mrn ?? '')
      .waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/patients/${second?.id}`)
  })
})

test('each field tells where it is from, down to its message', async () => {
  const { provenance, id } = first()
  await see(`/patients/${id}`, async (page) => {
    await page.getByRole('button', { name: 'Where Last name is from: PID-5.1' }).click()
    await page.getByRole('link', { name: 'Open the message' }).click()
    await page.waitForURL(`**/exchanges/${provenance['last_name']?.exchange_id}`)
  })
})

test('a place pointed at in one pane is lit in the others', async () => {
  const entry = fake.world.exchanges[0] ?? expect.fail('no exchange')
  await see(`/exchanges/${entry.id}`, async (page) => {
    await page
      .getByLabel('Mapped message')
      .getByRole('button', { name: /Last name/ })
      .hover()
    await page.locator('[data-pane="raw"] [data-lit="true"]').first().waitFor()
    const lit = await page.locator('[data-pane="parsed"] [data-lit="true"]').allInnerTexts()
    expect(lit.join(' ')).toContain('PID-5.1')
    expect(lit.join(' ')).not.toContain('PID-5.2')
  })
})

test('a parked message is edited, its effect shown, and only then replayed', async () => {
  const one = parked()
  await see(`/exchanges/${one.id}`, async (page) => {
    await page.getByRole('button', { name: 'Edit and replay…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Replay this message' })
    expect(await dialog.getByRole('button', { name: 'Replay the edited copy' }).isDisabled()).toBe(true)
    await dialog.getByLabel('New value of PID-5').fill('Example^Erin')
    await dialog.getByRole('button', { name: 'Show effect' }).click()
    await dialog.getByRole('table', { name: 'What the replay would change' }).waitFor()
    await expectAccessible(page)
    expect(one.replays).toEqual([])
    await dialog.getByRole('button', { name: 'Replay the edited copy' }).click()
    await page.waitForURL((url) => !url.pathname.includes(one.id))
    await page.getByText('A replay of:').waitFor()
  })
  expect(one.state).toBe('resolved')
})

test('the log counts new messages without moving its rows', async () => {
  await see('/settings/integrations/logs?kind=ADT', async (page) => {
    await settled(page)
    const row = page.locator('tbody tr').first()
    const before = await row.innerText()
    const pill = page.getByRole('button', { name: /\d+ new/ })
    await pill.waitFor()
    expect(await row.innerText()).toBe(before)
    await pill.click()
    await expect.poll(() => row.innerText()).not.toBe(before)
  })
})

test('settings show their faults, keep a version conflict, and can be undone', async () => {
  await see('/settings/integrations/hl7', async (page) => {
    const port = page.getByLabel('Port', { exact: true })
    await port.fill('99999')
    await page.getByText('From 0 to 65535.').waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await port.fill('2580')
    const [connection] = fake.world.connections
    Object.assign(connection ?? {}, { version: 9, name: 'Renamed meanwhile' })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Load the newer version and keep my changes' }).click()
    await page.getByText('The newer version was loaded').waitFor()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Renamed meanwhile')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved; the listener runs with it.').waitFor()
    expect(connection?.settings['port']).toBe(2580)
    await page.getByRole('button', { name: 'Undo the save' }).click()
    await expect.poll(() => fake.world.connections[0]?.settings['port']).toBe(2575)
    await page.getByRole('button', { name: 'Test connection' }).click()
    await page.getByRole('list', { name: 'Rungs of the test' }).waitFor()
    await expectAccessible(page)
  })
})

test('the schedule is walked by keyboard, and an appointment tells its details', async () => {
  await see('/schedule?day=2026-11-20', async (page) => {
    await settled(page)
    await page.locator('body').press('ArrowRight')
    await page.waitForURL('**/schedule?day=2026-11-21')
    await page.keyboard.press('w')
    await page.getByText('Week of November 16, 2026').waitFor()
    await page.keyboard.press('d')
    await page.getByRole('group', { name: 'Time grid' }).getByRole('button').first().click()
    await page.getByLabel('Appointment', { exact: true }).getByRole('link', { name: 'Patient' }).waitFor()
    await expectAccessible(page)
  })
})

test('times follow the chosen zone everywhere', async () => {
  const { updated_at: at } = first()
  await see('/patients', async (page) => {
    await settled(page)
    await page.getByRole('button', { name: 'Time zone: Site' }).click()
    await page.getByRole('menuitemradio', { name: /^UTC/ }).click()
    await page.getByRole('columnheader', { name: 'Changed (UTC)' }).waitFor()
    await page.locator(`tbody time[datetime="${at}"]`, { hasText: at.slice(11, 19) }).waitFor()
  })
})

const EMPTY: [path: string, says: string][] = [
  ['/today', 'No message yet'],
  ['/patients', 'No patient yet'],
  ['/schedule?day=2026-11-20', 'Nothing booked on this day'],
  ['/settings/integrations/logs', 'No message yet'],
]
test.each(EMPTY)('%s without any data says "%s"', async (path, says) => {
  fake.empty()
  await see(path, async (page) => {
    await page.getByText(says).first().waitFor()
    await expectAccessible(page)
  })
})

test('nothing that matches, not permitted and failed are told apart', async () => {
  await see('/settings/integrations/logs?control_id=NONE', async (page) => {
    await page.getByText('Nothing matches').waitFor()
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.getByRole('table', { name: /^Messages, newest first/ }).waitFor()
  })
  fake.permissions = PERMISSIONS.filter((permission) => permission !== 'exchanges.read')
  await see('/settings/integrations/logs', async (page) => {
    await page.getByText('Not part of your role').waitFor()
    await page.getByRole('navigation').getByRole('link', { name: 'Logs' }).waitFor({ state: 'detached' })
  })
  fake.permissions = PERMISSIONS
  fake.failing.add('/api/patients')
  await see('/patients', async (page) => {
    const alert = page.getByRole('alert')
    await alert.getByText('The database did not answer.').waitFor()
    await alert.getByText('STORE_UNAVAILABLE').waitFor()
    fake.failing.clear()
    await alert.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('table').waitFor()
  })
})

test('help opens with ?, and g p goes to Patients', async () => {
  await see('/today', async (page) => {
    await settled(page)
    await page.locator('body').press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'Patients', level: 1 }).waitFor()
  })
})
