import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { chromium as driver } from 'playwright-core'
import type { Browser, FrameLocator, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LaunchContext } from '../src/contract/launch.ts'
import { openLaunchWorld } from './launch-world.ts'
import type { LaunchWorld } from './launch-world.ts'

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
]

let folder: string
let browser: Browser
let launch: LaunchWorld

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-'))
  await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: folder } })
  browser = await driver.launch({ executablePath: await chromium.executablePath(), args: ARGS })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
})
beforeEach(async () => {
  launch = await openLaunchWorld({ consoleFolder: folder, tokenSeconds: 60 })
})
afterEach(() => launch[Symbol.asyncDispose]())

/** A window of a fresh browser profile; a fault of any page in it fails the test. */
async function see(look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text())
  })
  try {
    await look(page)
    expect(faults).toEqual([])
  } finally {
    await context.close()
  }
}

const contextOf = async (page: Page): Promise<LaunchContext> =>
  (await (await page.request.get(`${launch.studio}/api/launch`)).json()) as LaunchContext
const familyOf = (n: number): string => launch.world.hospital.world.person(n).family

/** Opens Practice Studio on its own: sign in at Cerner, choose the patient, allow. */
async function standalone(page: Page, n: number, refuse?: string): Promise<void> {
  await page.goto(`${launch.studio}/smart/launch?connection=${launch.world.connectionId}`)
  await page.getByLabel('Sign in as').selectOption({ label: 'OKAFOR, DANIEL (MD)' })
  await page.getByLabel('Patient', { exact: true }).fill(launch.patient(n))
  if (refuse !== undefined) await page.getByLabel(refuse).uncheck()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${launch.studio}/launch`)
}

test('a clinician opens Practice Studio beside a chart and sees the patient of the chart', async () => {
  await see(async (page) => {
    await page.goto(`${launch.cerner}/powerchart`)
    await page.getByLabel('You are').selectOption({ label: 'PATEL, ANJALI (MD)' })
    await page.getByLabel('Patient', { exact: true }).fill(launch.patient(3))
    await page.getByLabel('App').selectOption({ label: 'Practice Studio' })
    await page.getByRole('button', { name: 'Open Practice Studio' }).click()
    const frame: FrameLocator = page.frameLocator('iframe')
    await frame.getByRole('heading', { name: 'Allergies' }).waitFor()
    await frame.getByText('signed in as PATEL, ANJALI (MD)').waitFor()
    const context = await contextOf(page)
    expect(context).toMatchObject({ kind: 'ehr', state: 'live', refused: [], need_patient_banner: false })
    const record = await page.request.get(`${launch.studio}/api/patients/${context.patient_id}`)
    expect(await record.json()).toMatchObject({ last_name: familyOf(3) })
  })
})

test('opened on its own it shows the name, and quietly what was unticked at Cerner', async () => {
  await see(async (page) => {
    await standalone(page, 5, 'Read Encounter that you may see')
    await page.getByRole('heading', { level: 1, name: new RegExp(familyOf(5), 'i') }).waitFor()
    await page.getByText('1 part of the chart not granted by Cerner').click()
    await page.getByText('The visit that is open in the chart is not shown.').waitFor()
    expect(await contextOf(page)).toMatchObject({
      kind: 'standalone',
      need_patient_banner: true,
      refused: [{ scope: 'user/Encounter.read' }],
    })
  })
})

test('whoever declines at Cerner is told so, and what to do', async () => {
  await see(async (page) => {
    await page.goto(
      `${launch.studio}/smart/launch?iss=${encodeURIComponent(launch.world.cerner.endpoints.fhir)}`,
    )
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'Practice Studio did not open' }).waitFor()
    await page.getByText('Access was declined').waitFor()
    await page.getByText('Start again from the chart.').waitFor()
  })
})

test('when access is taken back at Cerner the page says that the launch has ended, and shows nothing of the patient', async () => {
  await see(async (page) => {
    await standalone(page, 6)
    const name = page.getByRole('heading', { level: 1, name: new RegExp(familyOf(6), 'i') })
    await name.waitFor()
    launch.world.cerner.oauth.revokeAll(true)
    await page.reload()
    await page.getByRole('heading', { name: 'This session with the chart has ended' }).waitFor()
    await page.getByText('Cerner has ended it').waitFor()
    expect(await name.count()).toBe(0)
    expect(await contextOf(page)).toMatchObject({ state: 'ended', patient_id: null })
  })
})
