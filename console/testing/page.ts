import { after, before } from 'node:test'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { buildConsole } from '../build.ts'
import { findBrowser, openBrowser } from './browser.ts'
import { type FakeEngine, startFakeEngine } from './fake-engine.ts'

const binary = findBrowser()

/** What `test` is told where there is no browser: a reason, so that nobody takes silence for success. */
export const withBrowser: { readonly skip: string | false; readonly timeout: number } = {
  skip: binary === undefined ? 'NO BROWSER: the console is NOT tested. Install chromium, or name one in CHROME_BIN.' : false,
  timeout: 180_000,
}
if (withBrowser.skip !== false) console.error(`\n${'!'.repeat(80)}\n${withBrowser.skip}\n${'!'.repeat(80)}\n`)

/** A busy machine takes its time; what waits here waits for a signal and goes on as soon as it comes. */
const waitMsMax = 40_000

export interface Opened {
  readonly page: Page
  readonly engine: FakeEngine
  readonly context: BrowserContext
}

export interface Visit extends BrowserContextOptions {
  readonly path?: string
  /** As the operator, unless said otherwise. */
  readonly signedIn?: boolean | 'approver'
  /** Puts the system where the test wants it, before the page is opened. */
  readonly stand?: (engine: FakeEngine) => unknown
}

/** One browser for a test file, and for each visit an engine and a context of its own. */
export function visitor(): (visit: Visit, use: (opened: Opened) => Promise<void>) => Promise<void> {
  let browser: Browser | undefined
  before(async () => {
    if (binary === undefined) return
    await buildConsole()
    browser = await openBrowser(binary)
  })
  after(() => browser?.close())

  return async ({ path = '/', signedIn = true, stand, ...options }, use) => {
    if (browser === undefined) throw new Error('there is no browser')
    const engine = await startFakeEngine()
    const context = await browser.newContext({
      baseURL: engine.url,
      locale: 'en-GB',
      viewport: { width: 1440, height: 900 },
      // Nothing to wait for, and nothing to draw all the time.
      reducedMotion: 'reduce',
      ...options,
    })
    context.setDefaultTimeout(waitMsMax)
    const errors: Error[] = []
    try {
      stand?.(engine)
      const token = signedIn === 'approver' ? engine.approverToken : engine.token
      if (signedIn !== false) await context.request.post('/api/session', { data: { token } })
      const page = await context.newPage()
      page.on('pageerror', error => errors.push(error))
      await page.goto(path, { waitUntil: 'commit' })
      await use({ page, engine, context })
      if (errors.length > 0) throw new AggregateError(errors, `the page failed: ${errors.map(({ message }) => message).join('; ')}`)
    } finally {
      await context.close()
      await engine.stop()
    }
  }
}
