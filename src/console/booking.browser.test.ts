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
import { bookRequest, cancelRequest, moveRequest } from '../contract/scheduling.ts'
import { patientChangeRequest, vitalSignsRequest } from '../contract/outbound.ts'
import { PERMISSIONS } from '../contract/session.ts'
import { answer } from './fixtures/adapter.ts'
import { PROBLEMS } from './fixtures/booking.ts'
import { openFake, type Fake } from './fixtures/fake.ts'
import { zonedParts } from './time/zone.ts'

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
const EHR = (width: number): string =>
  `<!doctype html><html lang="en"><title>PowerChart</title><body style="margin:0"><iframe title="App" src="/launch" style="border:0;width:${width}px;height:700px"></iframe></body></html>`

// A story walks several pages, each with its own wait for the live stream.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let server: Server
let base: string
let browser: Browser
let fake: Fake

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-booking-'))
  await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: folder } })
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname.startsWith('/api/')) return void answer(fake, request, response, 200)
    if (pathname === '/ehr') {
      response.writeHead(200, { 'content-type': 'text/html' })
      return void response.end(EHR(Number(searchParams.get('width'))))
    }
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

const person = (index = 0) => fake.world.patients[index] ?? expect.fail('no patient')
const ahead = () =>
  fake.world.appointments.find(
    (one) => one.status === 'booked' && Date.parse(one.start_time ?? '') > NOW + 86_400_000,
  ) ?? expect.fail('nothing is booked')
const drawer = (page: Page, name = 'Book an appointment at Cerner') => page.getByRole('dialog', { name })
const times = (page: Page) => page.getByRole('region', { name: 'Free times' }).locator('[data-day] button')
async function chooseType(page: Page, type = 'Follow-up'): Promise<void> {
  await drawer(page).getByRole('combobox', { name: 'Appointment type' }).click()
  await page.getByRole('option', { name: type }).click()
  await times(page).first().waitFor()
}
const details = (page: Page) => page.getByRole('complementary', { name: 'Appointment', exact: true })

const PAGES: [name: string, path: () => string][] = [
  ['Conflicts', () => '/review/conflicts'],
  ['Decided conflicts', () => '/review/conflicts?state=resolved'],
  ['Patient, chart', () => `/patients/${person().id}?tab=chart`],
  ['Patient, documents', () => `/patients/${person().id}?tab=documents`],
  ['Launch', () => '/launch'],
]
test.each(PAGES)(
  '%s has no accessibility fault in both themes and widths, and never scrolls sideways',
  async (_name, path) => {
    await see(path(), expectSightly)
  },
)

test('booking has no accessibility fault in both themes and widths', async () => {
  await see(`/schedule?act=book&for=${person().id}`, async (page) => {
    await chooseType(page)
    await times(page).nth(2).click()
    await expectSightly(page)
  })
})

test('an appointment is found, booked with the keyboard, shown on its way, and then booked', async () => {
  const { mrn, last_name: name, id } = person()
  await see('/schedule', async (page) => {
    await settled(page)
    await page.locator('body').press('b')
    await page.getByRole('combobox', { name: 'Patient' }).fill(mrn ?? '')
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await drawer(page)
      .getByRole('group', { name: 'Chosen patient' })
      .getByText(mrn ?? '')
      .waitFor()
    await chooseType(page)
    await times(page).first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await drawer(page).getByRole('textbox', { name: 'Reason' }).fill('Blood pressure')
    expect(page.url()).not.toContain(mrn)
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    await details(page).getByText('On its way to Cerner').first().waitFor()
    await details(page).getByText('Pending').first().waitFor()
    expect(page.url()).not.toContain(name)
    await expectAccessible(page)
    const [waiting] = [...fake.desk.outbox.values()]
    waiting?.settle()
    await details(page).getByText('Booked').first().waitFor()
    await details(page).getByText('On its way to Cerner').first().waitFor({ state: 'detached' })
  })
  const sent = bookRequest.parse(fake.desk.sent[0]?.body)
  expect(sent).toMatchObject({
    patient_id: id,
    reason: 'Blood pressure',
    service_type: { text: 'Follow-up' },
  })
  expect(sent.request_id).toBeDefined()
  expect(fake.asked.filter((asked) => asked.includes(mrn ?? '') || asked.includes(name ?? ''))).toEqual([])
})

test('a booking is taken back while it waits', async () => {
  await see(`/schedule?act=book&for=${person().id}`, async (page) => {
    await chooseType(page)
    await times(page).first().click()
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    await details(page).getByRole('button', { name: 'Undo' }).click()
    await details(page).getByText('Cancelled').first().waitFor()
  })
  expect(fake.desk.outbox.size).toBe(0)
})

test('a slot that was taken meanwhile is told in place, and searching again keeps what was entered', async () => {
  await see(`/schedule?act=book&for=${person().id}`, async (page) => {
    await chooseType(page)
    await times(page).nth(1).click()
    await drawer(page).getByRole('textbox', { name: 'Reason' }).fill('Cough')
    fake.desk.changesRefuse = PROBLEMS.taken
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    const alert = drawer(page).getByRole('alert')
    await alert.getByText('The slot was taken before our booking arrived.').waitFor()
    await expectAccessible(page)
    await alert.getByRole('button', { name: 'Search again' }).click()
    await times(page).nth(3).click()
    expect(await drawer(page).getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('Cough')
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    await details(page).getByText('On its way to Cerner').first().waitFor()
  })
  const [first, second] = fake.desk.sent.map(({ body }) => bookRequest.parse(body))
  expect(second?.request_id).not.toBe(first?.request_id)
})

test('trying again after Cerner was away sends the same request, which books nothing twice', async () => {
  await see(`/schedule?act=book&for=${person().id}`, async (page) => {
    await chooseType(page)
    await times(page).first().click()
    fake.desk.changesRefuse = PROBLEMS.away
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    await drawer(page).getByRole('alert').getByRole('button', { name: 'Try again' }).click()
    await details(page).getByText('On its way to Cerner').first().waitFor()
  })
  const [first, second] = fake.desk.sent.map(({ body }) => bookRequest.parse(body))
  expect(second).toEqual(first)
})

test('free times that Cerner does not give, and a version that cannot book, say what to do', async () => {
  fake.desk.slotsRefuse = PROBLEMS.away
  await see('/schedule?act=book', async (page) => {
    await drawer(page).getByRole('combobox', { name: 'Appointment type' }).click()
    await page.getByRole('option', { name: 'Lab draw' }).click()
    const alert = drawer(page).getByRole('alert')
    await alert.getByText('FHIR_UNREACHABLE').waitFor()
    fake.desk.slotsRefuse = null
    await alert.getByRole('button', { name: 'Try again' }).click()
    await times(page).first().waitFor()
  })
  const [connection] = fake.desk.options.connections
  Object.assign(connection ?? {}, { can_book: false, reason: 'Millennium 2015 takes no bookings from us.' })
  await see('/schedule?act=book', async (page) => {
    await drawer(page).getByText('Booking is off').waitFor()
    await drawer(page).getByText('Cerner Lakeview: Millennium 2015 takes no bookings from us.').waitFor()
  })
})

test('times stand on the clock of the location, and on the reader’s own where it differs', async () => {
  await see(
    `/schedule?act=book&for=${person().id}`,
    async (page) => {
      await chooseType(page)
      const [slot] = await times(page).all()
      const label = (await slot?.getAttribute('aria-label')) ?? ''
      expect(label).toMatch(/ (CST|MST), your clock .*GMT\+1/)
    },
    { timezoneId: 'Europe/Berlin' },
  )
  await see(`/schedule?act=book&for=${person().id}`, async (page) => {
    await drawer(page).getByRole('combobox', { name: 'Location' }).click()
    await page.getByRole('option', { name: 'Clinic A' }).click()
    await chooseType(page)
    expect(await times(page).first().getAttribute('aria-label')).not.toContain('your clock')
  })
})

test('pressing a free stretch of the grid opens the booking at that time and provider', async () => {
  await see('/schedule?day=2026-11-23', async (page) => {
    await settled(page)
    const column = page.getByRole('group', { name: 'Osei, Daniel' })
    const covered = await column
      .getByRole('button')
      .evaluateAll((all) =>
        all.map((one) => [
          Number.parseFloat(one.style.top),
          Number.parseFloat(one.style.top) + one.offsetHeight,
        ]),
      )
    const height = await column.evaluate((one) => one.clientHeight)
    const free = Array.from({ length: Math.floor(height / 25) }, (_, quarter) => quarter * 25 + 12).find(
      (y) => !covered.some(([top = 0, end = 0]) => y > top - 1 && y < end + 1),
    )
    await column.click({ position: { x: 60, y: free ?? 0 } })
    await chooseType(page)
    expect(await drawer(page).getByRole('combobox', { name: 'Provider' }).inputValue()).toBe('Osei, Daniel')
    expect(await drawer(page).getByLabel('From').inputValue()).toBe('2026-11-23')
    await page.locator('[data-near="true"]').waitFor()
  })
})

test('an appointment is moved, cancelled with a reason, and checked in, as its steps allow', async () => {
  const one = ahead()
  const day = zonedParts(one.start_time ?? '', 'America/Chicago').date
  await see(`/schedule?day=${day}&at=${one.id}`, async (page) => {
    await details(page).getByRole('button', { name: 'Move' }).click()
    await times(page).first().click()
    await drawer(page, 'Move to another time').getByRole('button', { name: 'Move', exact: true }).click()
    await details(page).getByText('On its way to Cerner').first().waitFor()
    const settle = (): void => [...fake.desk.outbox.values()].forEach((waiting) => waiting.settle())
    settle()
    await details(page).getByRole('button', { name: 'Check in' }).click()
    await details(page).getByText('Checked in').first().waitFor()
    settle()
    await details(page).getByRole('button', { name: 'Complete' }).waitFor()
    await details(page).getByRole('button', { name: 'Cancel' }).click()
    const dialog = page.getByRole('dialog', { name: 'Cancel this appointment' })
    const send = dialog.getByRole('button', { name: 'Cancel the appointment' })
    await dialog.getByText(one.patient_name ?? '').waitFor()
    expect(await send.isDisabled()).toBe(true)
    await dialog.getByRole('combobox', { name: 'Reason' }).click()
    await page.getByRole('option', { name: 'Weather' }).click()
    await expectAccessible(page)
    await send.click()
    await details(page).getByText('Cancelled', { exact: true }).first().waitFor()
  })
  const [moved, status, cancelled] = fake.desk.sent
  expect(moveRequest.safeParse(moved?.body).success).toBe(true)
  expect(status?.body).toMatchObject({ status: 'checked-in' })
  expect(cancelRequest.parse(cancelled?.body).reason).toMatchObject({ code: '4520', text: 'Weather' })
})

test('a booking that Cerner did not take shows the error, and another time replaces it', async () => {
  await see(`/schedule?act=book&for=${person().id}`, async (page) => {
    await chooseType(page)
    await times(page).first().click()
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    await details(page).getByText('On its way to Cerner').first().waitFor()
    const [id, waiting] = [...fake.desk.outbox][0] ?? expect.fail('nothing is on its way')
    waiting.park({
      code: 'FHIR_SLOT_TAKEN',
      kind: 'permanent',
      place: null,
      says: PROBLEMS.taken.detail,
      todo: PROBLEMS.taken.todo,
    })
    await details(page).getByText('Not at Cerner').first().waitFor()
    await details(page).getByText('FHIR_SLOT_TAKEN').waitFor()
    expect(await details(page).getByRole('link', { name: 'Message', exact: true }).getAttribute('href')).toBe(
      `/exchanges/${id}`,
    )
    await expectAccessible(page)
    await details(page).getByRole('button', { name: 'Choose another time' }).click()
    await times(page).nth(4).click()
    await drawer(page).getByRole('button', { name: 'Book', exact: true }).click()
    await details(page).getByText('On its way to Cerner').first().waitFor()
    expect(fake.desk.outbox.has(id)).toBe(false)
  })
})

test('a role that may not write sees no way to', async () => {
  fake.permissions = PERMISSIONS.filter(
    (permission) => !permission.endsWith('.write') && permission !== 'conflicts.resolve',
  )
  const one = ahead()
  await see(`/schedule?at=${one.id}&act=book`, async (page) => {
    await details(page)
      .getByText(one.patient_name ?? '')
      .waitFor()
    for (const name of ['Book', 'Move', 'Cancel', 'Arrived'])
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0)
    await page.locator('body').press('b')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
  await see('/review/conflicts', async (page) => {
    await page.getByRole('article').first().waitFor()
    expect(await page.getByRole('button', { name: 'Keep ours' }).count()).toBe(0)
  })
  await see(`/patients/${person().id}`, async (page) => {
    await settled(page)
    expect(await page.getByRole('button', { name: /Edit demographics|Record vital signs/ }).count()).toBe(0)
  })
})

test('conflicts are walked with j and k and decided with 1 and 2, and the decision is on record', async () => {
  await see('/review/conflicts', async (page) => {
    await page.getByRole('navigation').getByTitle('3 conflicts wait for a person').waitFor()
    await page.locator('body').press('j')
    await page.keyboard.press('j')
    await page.waitForURL(`**/review/conflicts?at=${fake.desk.conflicts[1]?.id}`)
    await page.keyboard.press('k')
    await page.keyboard.press('1')
    await page.getByText('2 conflicts to decide').waitFor()
    const phone = page.getByRole('article').filter({ hasText: 'Phone mobile' })
    await phone.getByRole('checkbox').check()
    await phone.getByRole('button', { name: 'Take Cerner’s' }).click()
    await page.getByText('1 conflict to decide').waitFor()
    await page.getByText('Decided', { exact: true }).click()
    await page.getByText('Ours was kept').waitFor()
    expect(await page.getByText('by Dana Whitlock').count()).toBe(3)
  })
  expect(fake.desk.sent.map(({ body }) => body)).toEqual([
    { choice: 'studio', remember: false },
    { choice: 'cerner', remember: true },
  ])
})

test('a conflict shows both sides on the clock of its location, with what differs marked', async () => {
  const [conflict] = fake.desk.conflicts
  const about = fake.world.appointments.find((one) => one.id === conflict?.record.id)
  if (about !== undefined) about.time_zone = 'America/Denver'
  await see('/review/conflicts', async (page) => {
    const table = page.getByRole('table').first()
    await table.getByText('MST').first().waitFor()
    expect((await table.locator('mark').allInnerTexts()).length).toBeGreaterThanOrEqual(4)
  })
})

test('without conflicts the page says that there is nothing to decide', async () => {
  fake.empty()
  await see('/review/conflicts', async (page) => {
    await page.getByText('Nothing to decide').waitFor()
    await expectAccessible(page)
    await page.getByText('Decided', { exact: true }).click()
    await page.getByText('Nothing was decided yet').waitFor()
  })
})

test('a document of hypertext is shown without its scripts, images and links', async () => {
  const refused: [url: string, why: string | undefined][] = []
  const reached: string[] = []
  await see(`/patients/${person().id}?tab=documents`, async (page) => {
    await settled(page)
    page.on('response', (response) => void reached.push(response.url()))
    page.on('requestfailed', (request) => void refused.push([request.url(), request.failure()?.errorText]))
    const title = await page.title()
    await page.getByRole('button', { name: /After visit summary/ }).click()
    const frame = page.frameLocator('iframe[title="After visit summary"]')
    await frame.getByText('Thank you for your visit.').waitFor()
    expect(await page.locator('iframe').getAttribute('sandbox')).toBe('')
    expect(await page.title()).toBe(title)
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /Progress note/ }).click()
    await page.getByText('Assessment: type 2 diabetes').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /Discharge summary/ }).click()
    const save = page.getByRole('link', { name: 'Download' })
    await save.waitFor()
    expect(await save.getAttribute('download')).toMatch(/^document-[0-9a-f]{8}\.pdf$/)
    expect(await page.getByRole('button', { name: /Referral letter/ }).isDisabled()).toBe(true)
  })
  expect(reached.filter((url) => !url.startsWith(base) && !url.startsWith('blob:'))).toEqual([])
  expect(refused.filter(([url]) => !url.startsWith(base))).toEqual([
    ['https://tracker.example/pixel.png', 'csp'],
  ])
})

test('vital signs keep their digits, an unusual one is asked about and sent all the same', async () => {
  await see(`/patients/${person().id}`, async (page) => {
    await page.getByRole('button', { name: 'Record vital signs' }).click()
    const form = page.getByRole('dialog', { name: 'Record vital signs' })
    await form.getByRole('textbox', { name: 'Height' }).fill('18.0')
    await form.getByText('Unusual: mostly 40 to 230 cm').waitFor()
    await form.getByRole('textbox', { name: 'Systolic' }).fill('120')
    await form.getByText('Both values are needed').waitFor()
    expect(await form.getByRole('button', { name: 'Record and send' }).isDisabled()).toBe(true)
    await form.getByRole('textbox', { name: 'Diastolic' }).fill('80')
    await expectAccessible(page)
    await form.getByRole('button', { name: 'Record and send' }).click()
    await page
      .getByRole('region', { name: /Vital signs: On its way/ })
      .first()
      .waitFor()
  })
  expect(vitalSignsRequest.parse(fake.desk.sent[0]?.body)).toMatchObject({
    taken_at: '2026-11-19T15:00:00.000Z',
    signs: [
      { code: '8302-2', value: '18.0', unit: 'cm' },
      { code: '85354-9', systolic: '120', diastolic: '80', unit: 'mm[Hg]' },
    ],
  })
})

test('an edit shows what is sent before it is sent, survives a newer version, and is marked at its field', async () => {
  const one = person()
  await see(`/patients/${one.id}`, async (page) => {
    await page.getByRole('button', { name: 'Edit demographics' }).click()
    const form = page.getByRole('dialog', { name: 'Edit demographics' })
    await form.getByRole('textbox', { name: 'Phone mobile' }).fill('(816) 555-0199')
    await form.getByRole('button', { name: 'Show what will be sent' }).click()
    await form.getByRole('table', { name: 'Changes to send' }).getByText('(816) 555-0199').waitFor()
    await expectAccessible(page)
    expect(fake.desk.sent).toEqual([])
    Object.assign(one, { version: one.version + 1, middle_name: 'Zoe' })
    await form.getByRole('button', { name: 'Send to Cerner' }).click()
    await form.getByRole('button', { name: 'Load the newer version' }).click()
    expect(await form.getByRole('textbox', { name: 'Middle name' }).inputValue()).toBe('Zoe')
    await form.getByRole('button', { name: 'Show what will be sent' }).click()
    await form.getByRole('button', { name: 'Send to Cerner' }).click()
    const field = page.getByRole('region', { name: 'Reach' }).getByText('On its way to Cerner')
    await field.waitFor()
    await page
      .getByRole('region', { name: /Change of demographics/ })
      .getByRole('button', { name: 'Undo' })
      .click()
    await field.waitFor({ state: 'detached' })
  })
  expect(patientChangeRequest.parse(fake.desk.sent[1]?.body).changes).toEqual({
    phone_mobile: '+18165550199',
  })
})

test('the launch page stands in a frame of the chart without storage, at every width of one', async () => {
  const { last_name: name, mrn } = person()
  for (const width of [390, 540, 700])
    await see(`/ehr?width=${width}`, async (page) => {
      await page.addInitScript(() => {
        Object.defineProperty(window, 'localStorage', {
          get: () => {
            throw new DOMException('Access is denied for this document.', 'SecurityError')
          },
        })
      })
      await page.reload()
      const frame = page.frameLocator('iframe')
      await frame.getByRole('heading', { level: 1, name: new RegExp(name ?? '') }).waitFor()
      await frame.getByText(mrn ?? '').waitFor()
      for (const part of [
        'Next appointments',
        'Latest results',
        'Problems',
        'Allergies',
        'Medications',
        'Documents',
      ])
        await frame.getByRole('region', { name: part }).waitFor()
      expect(await frame.getByRole('navigation').count()).toBe(0)
      await frame.getByText('1 part of the chart not granted by Cerner').click()
      await frame.getByText('Documents from Cerner are not read.').waitFor()
      const inner = page.frames()[1] ?? expect.fail('no frame')
      expect(await inner.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0)
      expect(await inner.evaluate(() => document.title)).not.toContain(name)
    })
})

test('the chart that shows its own banner is not repeated', async () => {
  fake.desk.launch.need_patient_banner = false
  await see('/launch', async (page) => {
    await page.getByRole('region', { name: 'Problems' }).waitFor()
    expect(await page.getByText(person().mrn ?? '').count()).toBe(0)
  })
})

test('an ended launch is a whole page that says why and what to do, and leaves nothing of the patient', async () => {
  Object.assign(fake.desk.launch, { state: 'ended', says: 'Cerner gives no new token for this launch.' })
  await see('/launch', async (page) => {
    await page.getByRole('heading', { name: 'This session with the chart has ended' }).waitFor()
    await page.getByText('Cerner gives no new token for this launch.').waitFor()
    await expectAccessible(page)
    expect(await page.getByText(person().last_name ?? '').count()).toBe(0)
  })
  fake.signedIn = false
  await see('/launch', async (page) => {
    await page.getByText('open Practice Studio from the patient again').waitFor()
    expect(await page.getByLabel('Access token').count()).toBe(0)
  })
})

test('a chart whose patient is not here yet says how it comes', async () => {
  fake.desk.launch.patient_id = null
  await see('/launch', async (page) => {
    await page.getByText('This patient is not here yet').waitFor()
    await expectAccessible(page)
  })
})
