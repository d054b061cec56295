import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AxeBuilder } from '@axe-core/playwright'
import chromium from '@sparticuz/chromium'
import { chromium as driver, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { APPS, openDoors, VERIFIER, type TestDoors } from './server.world.ts'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
]

let browser: Browser
let app: Server
let appUrl: string
let doors: TestDoors

beforeAll(async () => {
  browser = await driver.launch({ executablePath: await chromium.executablePath(), args: ARGS })
  // An app that shows what it was opened with.
  app = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><html lang="en"><title>App</title><main><h1>App ${pathname}</h1>
      <pre>${JSON.stringify(Object.fromEntries(searchParams))}</pre></main>`)
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
})
afterAll(async () => {
  await browser?.close()
  app?.closeAllConnections()
  app?.close()
})
beforeEach(async () => {
  const launched = { ...APPS.launched, launchUrl: `${appUrl}/launch`, redirectUris: [`${appUrl}/callback`] }
  doors = await openDoors({ clients: [launched] })
})
afterEach(() => doors[Symbol.asyncDispose]())

async function see(
  path: string,
  look: (page: Page) => Promise<void>,
  options: { colorScheme?: 'light' | 'dark'; width?: number } = {},
): Promise<void> {
  const { colorScheme = 'light', width = 1440 } = options
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
  const page = await context.newPage()
  const failures: string[] = []
  page.on('pageerror', (error) => failures.push(error.message))
  await page.goto(new URL(path, doors.server.url).href)
  await look(page)
  await context.close()
  expect(failures).toEqual([])
}

const wrongWith = async (page: Page): Promise<unknown[]> => {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}

const authorizeUrl = (): string =>
  doors.authorizeUrl({
    redirect_uri: `${appUrl}/callback`,
    scope: 'launch/patient openid patient/Patient.read user/Appointment.read',
  })

test('a clinician opens Practice Studio beside a chart, with the keyboard alone', async () => {
  await see('/powerchart', async (page) => {
    await page.getByLabel('You are').focus()
    await page.keyboard.type('PATEL')
    await page.keyboard.press('Tab')
    expect(await page.getByLabel('Patient', { exact: true }).inputValue()).toBe(doors.hospital.patientId(0))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await page.getByRole('button', { name: 'Open Practice Studio' }).evaluate((one) => one === document.activeElement)).toBe(true) // prettier-ignore
    await page.keyboard.press('Enter')
    const { family } = doors.hospital.world.person(0)
    await page.getByText(`${family}, `).waitFor()
    await page.getByText('Signed in as PATEL, ANJALI').waitFor()
    expect(await wrongWith(page)).toEqual([])
    const frame = page.frameLocator('iframe')
    await frame.getByRole('heading', { name: 'App /launch' }).waitFor()
    const opened = JSON.parse((await frame.locator('pre').textContent()) ?? '') as Record<string, string>
    expect(opened['iss']).toBe(doors.server.endpoints.fhir)
    expect(opened['launch']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

test('a patient id that nobody has is asked for again, and what was written stays', async () => {
  await see('/powerchart', async (page) => {
    await page.getByLabel('Patient', { exact: true }).fill('12')
    await page.getByRole('button', { name: 'Open Practice Studio' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('There is no patient with this id.')
    expect(await page.getByLabel('Patient', { exact: true }).inputValue()).toBe('12')
  })
})

test('a person signs in, chooses a patient, unticks a scope, and the app gets what is left', async () => {
  await see(authorizeUrl(), async (page) => {
    await page.getByLabel('Sign in as').selectOption({ label: 'OKAFOR, DANIEL (MD)' })
    await page.getByLabel('Patient', { exact: true }).fill(doors.hospital.patientId(1))
    await page.getByLabel('Read Appointment that you may see').uncheck()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'App /callback' }).waitFor()
    const { code = '', state } = JSON.parse((await page.locator('pre').textContent()) ?? '') as Record<
      string,
      string
    >
    expect(state).toBe('opaque state')
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${appUrl}/callback`,
      code_verifier: VERIFIER,
    }
    expect(await (await doors.token(form, APPS.launched)).json()).toMatchObject({
      scope: 'launch/patient openid patient/Patient.read',
      patient: doors.hospital.patientId(1),
      username: 'DOKAFOR',
    })
  })
})

test.each(['light', 'dark'] as const)('the pages can be used by everybody, %s', async (colorScheme) => {
  for (const path of ['/powerchart', authorizeUrl(), doors.server.endpoints.manage])
    for (const width of [1440, 390])
      await see(
        path,
        async (page) => {
          expect(await wrongWith(page)).toEqual([])
          expect(await page.getByRole('complementary').textContent()).toContain('not a real Cerner')
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
          expect(wide).toBe(false)
        },
        { colorScheme, width },
      )
})
