import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { buildConsole } from './build.ts'
import { findBrowser, openBrowser } from './testing/browser.ts'
import { type FakeEngine, startFakeEngine } from './testing/fake-engine.ts'

/**
 * `npm run screenshots`: pictures of every screen in both languages and both schemes, to be looked at. From a system in
 * memory; with `-- --url URL --token TOKEN` of a real one, of which it takes the pages that need no particular state.
 */
const folder = join(import.meta.dirname, 'screenshots')
const wide = { width: 1440, height: 900 }
const narrow = { width: 900, height: 1000 }

interface Shot {
  readonly name: string
  readonly path: string
  /** Puts the system where it is wanted; a shot without it can be taken of a real system too. */
  readonly stand?: (engine: FakeEngine) => unknown
  /** What is done on the page before the picture. */
  readonly act?: (page: Page) => Promise<unknown>
  readonly signedOut?: boolean
  readonly narrow?: boolean
  /** The page as a whole, not only what is in sight. */
  readonly whole?: boolean
}

const press = (what: string) => (page: Page) => page.locator(`[data-do="${what}"]`).click()
const parity = { at: 3, part: 0.62, state: 'waiting' } as const

const shots: readonly Shot[] = [
  { name: 'sign-in', path: '/', signedOut: true },
  { name: 'map-rest', path: '/' },
  { name: 'map-shadow', path: '/', stand: ({ system }) => system.stand(parity) },
  { name: 'map-trouble', path: '/', stand: away },
  { name: 'map-paused', path: '/', stand: ({ system }) => system.stand({ ...parity, state: 'paused', until: '4' }) },
  { name: 'link', path: '/?link=COMM-040', stand: ({ system }) => system.stand(parity) },
  { name: 'plan', path: '/?link=COMM-040&to=event' },
  {
    name: 'plan-end',
    path: '/?link=COMM-040&to=event',
    act: page => page.getByText('retire').or(page.locator('ol > li').last()).last().scrollIntoViewIfNeeded(),
  },
  { name: 'apply', path: '/?link=COMM-040&to=event', act: press('apply') },
  { name: 'runs-empty', path: '/runs' },
  { name: 'runs', path: '/runs', stand: several },
  { name: 'run-waiting', path: '/runs/R-7', stand: ({ system }) => system.stand(parity) },
  {
    name: 'run-pairs',
    path: '/runs/R-7?pairs=different',
    stand: ({ system }) => system.stand({ ...parity, differing: 2, state: 'failed' }),
  },
  { name: 'run-failed', path: '/runs/R-7', stand: ({ system }) => system.stand({ ...parity, differing: 2, state: 'failed' }) },
  { name: 'run-draining', path: '/runs/R-7', stand: ({ system }) => system.stand({ at: 6, part: 0.5, state: 'waiting' }) },
  { name: 'run-finished', path: '/runs/R-7', stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished' }) },
  { name: 'dialog-pause', path: '/runs/R-7', stand: ({ system }) => system.stand(parity), act: press('pause') },
  {
    name: 'dialog-revert',
    path: '/runs/R-7',
    stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished' }),
    act: press('revert'),
  },
  {
    name: 'dialog-complete',
    path: '/runs/R-7',
    stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished' }),
    act: press('complete'),
  },
  { name: 'help', path: '/', act: page => page.keyboard.press('?') },
  { name: 'palette', path: '/', act: page => page.keyboard.press('Control+k') },
  { name: 'map-narrow', path: '/', narrow: true, stand: ({ system }) => system.stand(parity) },
  { name: 'run-narrow', path: '/runs/R-7', narrow: true, whole: true, stand: ({ system }) => system.stand(parity) },
  { name: 'plan-narrow', path: '/?link=COMM-040&to=event', narrow: true },
]

function away({ system }: FakeEngine): void {
  const troubles = [{ code: 'link_service_away', params: { service: 'bonuses', reason: 'connection refused' } }]
  for (const { link, from, to } of system.links()) {
    if (to === 'bonuses') system.setLink(link, { troubles, note: 'bonuses does not answer (connection refused)' })
    if (from === 'bonuses') system.setLink(link, { troubles, route: null, rate: null, open: null })
  }
  system.setLink('COMM-040', { open: 214 })
  system.setLink('COMM-070', { route: null, rate: null })
}

function several({ system }: FakeEngine): void {
  system.stand({ at: 8, part: 1, state: 'completed', heading: 'complete' }, 'R-4')
  system.stand({ at: 0, part: null, state: 'reverted', heading: 'back' }, 'R-5')
  system.stand({ ...parity, differing: 1, state: 'failed' }, 'R-6')
  system.stand(parity, 'R-7')
}

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    only: { type: 'string' },
    languages: { type: 'string' },
    schemes: { type: 'string' },
  },
})
process.exitCode = await main()

async function main(): Promise<number> {
  const binary = findBrowser()
  if (binary === undefined) {
    console.error('no browser: install chromium, or name one in CHROME_BIN')
    return 69
  }
  await buildConsole()
  if (values.only === undefined) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const browser = await openBrowser(binary)
  try {
    const chosen = shots.filter(
      ({ name, stand }) => (values.only?.split(',').includes(name) ?? true) && (values.url === undefined || stand === undefined),
    )
    for (const shot of chosen) {
      for (const language of values.languages?.split(',') ?? ['en', 'ru']) {
        for (const scheme of values.schemes?.split(',') ?? ['light', 'dark']) {
          await take(browser, shot, language, scheme === 'dark' ? 'dark' : 'light')
        }
      }
      console.log(shot.name)
    }
  } finally {
    await browser.close()
  }
  return 0
}

async function take(browser: Browser, shot: Shot, language: string, scheme: 'light' | 'dark'): Promise<void> {
  const engine = values.url === undefined ? await startFakeEngine() : undefined
  const context = await browser.newContext({
    baseURL: engine?.url ?? values.url ?? '',
    viewport: shot.narrow === true ? narrow : wide,
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    timezoneId: 'Europe/Berlin',
    colorScheme: scheme,
    reducedMotion: 'reduce',
  })
  try {
    const page = await context.newPage()
    if (shot.signedOut !== true) await context.request.post('/api/session', { data: { token: engine?.token ?? values.token ?? '' } })
    if (engine !== undefined) shot.stand?.(engine)
    await page.goto(shot.path)
    await page.locator('h1').first().waitFor()
    await page.evaluate(() => document.fonts.ready)
    if (shot.signedOut !== true) await page.locator('[data-state="live"]').first().waitFor()
    if (/[?]/.test(shot.path)) await page.locator('[role="dialog"] h2').first().waitFor()
    if (/[?].*to=/.test(shot.path)) await page.locator('[role="dialog"] ol > li').first().waitFor()
    await shot.act?.(page)
    // Transitions of drawers and dialogs have an end that can be waited for.
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter(({ effect }) => effect?.getTiming().iterations !== Infinity)
          .map(({ finished }) => finished),
      ),
    )
    await page.waitForTimeout(350)
    await page.screenshot({ path: join(folder, `${shot.name}-${language}-${scheme}.png`), fullPage: shot.whole === true })
  } finally {
    await context.close()
    await engine?.stop()
  }
}
