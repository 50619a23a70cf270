import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { type Visit, visitor, withBrowser } from './testing/page.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const wanted = { wanted: true, by: null, at: null, expires_at: null }
const parity = { at: 3, part: 0.6, state: 'waiting' } as const

interface Scene extends Visit {
  readonly name: string
  readonly act?: (page: Page) => Promise<unknown>
}

const scenes: readonly Scene[] = [
  { name: 'sign-in', signedIn: false },
  { name: 'the map', stand: ({ system }) => system.stand(parity) },
  {
    name: 'a link with its plan',
    path: '/?link=COMM-040&to=event',
    act: page => page.locator('[role="dialog"] ol > li').first().waitFor(),
  },
  { name: 'the runs', path: '/runs', stand: ({ system }) => system.stand(parity) },
  { name: 'a run that waits', path: '/runs/R-7', stand: ({ system }) => system.stand(parity) },
  {
    name: 'a run that failed, with its pairs',
    path: '/runs/R-7?pairs=different',
    stand: ({ system }) => system.stand({ ...parity, differing: 2, state: 'failed' }),
    act: page => page.locator('[data-differs="true"]').first().waitFor(),
  },
  {
    name: 'an approval that is wanted, asked for',
    path: '/runs/R-7',
    signedIn: 'approver',
    stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished', approval: wanted }),
    act: page => page.locator('[data-do="approve"]').click(),
  },
  {
    name: 'a run that is not approved yet',
    path: '/runs/R-7',
    stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished', approval: wanted }),
    act: page => page.locator('[data-do="complete"][disabled]').waitFor(),
  },
  {
    name: 'a dialog',
    path: '/runs/R-7',
    stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished' }),
    act: page => page.locator('[data-do="complete"]').click(),
  },
]

describe('axe finds nothing wrong, by WCAG 2.2 AA and good practice, in both schemes, in', () => {
  const visit = visitor()
  for (const { name, act, ...scene } of scenes) {
    test(name, withBrowser, () =>
      visit({ ...scene, colorScheme: 'light' }, async ({ page }) => {
        await page.locator('h1').first().waitFor()
        if (scene.signedIn !== false) await page.locator('[data-state="live"]').waitFor()
        await act?.(page)
        await page.evaluate(axe)
        for (const scheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: scheme })
          await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor()
          // What is still fading in has too little contrast, truly, for a moment.
          await page.waitForFunction(
            () =>
              document.getAnimations().every(({ playState }) => playState !== 'running') &&
              document.querySelector('[style*="opacity: 0"]') === null,
          )
          assert.deepEqual(await violations(page), [], scheme)
        }
      }),
    )
  }
})

async function violations(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run())
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html.slice(0, 200)}\n  ${failureSummary}`),
  )
}
