import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { visitor, withBrowser } from './testing/page.ts'

describe('the console', () => {
  const visit = visitor()
  const parity = { at: 3, part: 0.6, state: 'waiting' } as const

  test('asks for the token, refuses a wrong one, and leads to where one wanted to go', withBrowser, () =>
    visit(
      { path: '/runs?state=waiting', signedIn: false, stand: ({ system }) => system.stand(parity) },
      async ({ page, engine, context }) => {
        const token = page.getByLabel('Operator token', { exact: true })
        await token.fill('guess')
        await page.getByRole('button', { name: 'Sign in', exact: true }).click()
        await page.getByText('This is not the operator’s token.').waitFor()
        await token.fill(engine.token)
        await token.press('Enter')
        await page.getByRole('link', { name: 'R-7' }).waitFor()
        assert.match(page.url(), /\/runs\?state=waiting$/)
        const [cookie] = await context.cookies()
        assert.equal(cookie?.httpOnly, true)
      },
    ),
  )

  test('shows nine links with their routes, and each change as it happens', withBrowser, () =>
    visit({}, async ({ page, engine }) => {
      await page.getByRole('heading', { level: 1, name: '0 of 9 links are moving; nothing needs you' }).waitFor()
      const map = page.getByRole('region', { name: 'System map' })
      await map.getByRole('button').nth(8).waitFor()
      assert.equal(await map.getByRole('button').count(), 9)
      assert.equal(await page.locator('#links tbody tr').count(), 9)
      await map.getByRole('button', { name: /COMM-060.*by event.*7\.9\/s/ }).waitFor()
      engine.system.setLink('COMM-050', { route: 'event', rate: 11.5 })
      await map.getByRole('button', { name: /COMM-050.*by event.*11\.5\/s/ }).waitFor()
      await page
        .getByRole('row', { name: /COMM-050/ })
        .getByText('event', { exact: true })
        .waitFor()
      engine.system.stand({ ...parity, state: 'paused', until: '4' })
      await page.getByRole('heading', { level: 1, name: '1 of 9 links is moving; R-7 is paused and waits for you' }).waitFor()
      await map.getByRole('button', { name: /COMM-040.*by HTTP, event in shadow/ }).waitFor()
    }),
  )

  test('says which service is away, since when, and what still works', withBrowser, () =>
    visit({}, async ({ page, engine }) => {
      const troubles = [{ code: 'link_service_away', params: { service: 'bonuses', reason: 'ECONNREFUSED' } }]
      engine.system.setLink('COMM-040', { troubles, note: 'bonuses does not answer (ECONNREFUSED)' })
      await page.getByRole('heading', { level: 1, name: /^bonuses does not answer \(ECONNREFUSED\)/ }).waitFor()
      await page.getByText(/Seen so since \d\d:\d\d:\d\d\. What is stated for it waits at its sender/).waitFor()
      await page.getByRole('region', { name: 'System map' }).getByText('does not answer', { exact: true }).waitFor()
    }),
  )

  test('plans a move, and applies it only after a dialog that says what will change', withBrowser, () =>
    visit({}, async ({ page, engine }) => {
      await page
        .getByRole('region', { name: 'System map' })
        .getByRole('button', { name: /^COMM-040/ })
        .click()
      const drawer = page.getByRole('dialog', { name: 'COMM-040' })
      await drawer.getByText('event', { exact: true }).click()
      await drawer.getByRole('heading', { name: 'COMM-040 from HTTP to event' }).waitFor()
      assert.match(page.url(), /link=COMM-040&to=event$/)
      assert.equal(await drawer.locator('ol > li').count(), 7)
      await drawer.getByText('Point of no return: “complete” goes beyond').waitFor()
      await drawer.getByText('without them the old way cannot be closed').waitFor()
      assert.deepEqual(engine.system.runs(), [])
      await drawer.getByRole('button', { name: 'Apply', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Move COMM-040 to event?' })
      await dialog.getByText('One switch in hiring').waitFor()
      assert.equal(await dialog.getByText('without the HTTP calls').count(), 0, 'beyond the point of no return')
      await dialog.getByText('cutover apply COMM-040 --to event').waitFor()
      await dialog.getByLabel('Pause after').selectOption('4')
      await dialog.getByText('cutover apply COMM-040 --to event --until 4').waitFor()
      await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
      await page.waitForURL('**/runs/R-7')
      assert.equal(engine.system.runs()[0]?.until, '4')
      await page.getByRole('heading', { level: 1, name: /^COMM-040 is moving to event; step 1/ }).waitFor()
    }),
  )

  test('does not offer to apply what cannot be applied, and says why', withBrowser, () =>
    visit(
      { path: '/?link=COMM-040&to=event', stand: ({ system }) => system.stand({ at: 0, part: null, state: 'running' }) },
      async ({ page }) => {
        const apply = page.getByRole('button', { name: 'Apply', exact: true })
        await apply.waitFor()
        assert.equal(await apply.isDisabled(), true)
        await page.getByText('R-7 holds this link').first().waitFor()
      },
    ),
  )

  test('keeps what it knows while the engine is away, says so, and comes back by itself', withBrowser, () =>
    visit({}, async ({ page, engine }) => {
      await page.getByText('live', { exact: true }).waitFor()
      await engine.die()
      await page.getByText('disconnected, retrying', { exact: true }).first().waitFor()
      await page.getByRole('heading', { level: 1, name: /^The engine has not answered since/ }).waitFor()
      assert.equal(await page.locator('#links tbody tr').count(), 9)
      await engine.rise()
      await page.getByText('live', { exact: true }).waitFor()
      await page.getByRole('heading', { level: 1, name: /nothing needs you/ }).waitFor()
    }),
  )

  test('leads back to sign-in when the session is over, and keeps the address', withBrowser, () =>
    visit({ path: '/?link=COMM-050' }, async ({ page, engine }) => {
      await page.getByRole('dialog', { name: 'COMM-050' }).waitFor()
      engine.signAllOut()
      await engine.die()
      await engine.rise()
      await page.getByLabel('Operator token', { exact: true }).fill(engine.token)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('dialog', { name: 'COMM-050' }).waitFor()
    }),
  )

  test('speaks the browser’s language first, then the one that was chosen', withBrowser, () =>
    visit({ locale: 'ru-RU' }, async ({ page }) => {
      await page.getByRole('heading', { level: 1, name: 'Ни одна из 9 связей не переводится; от вас ничего не нужно' }).waitFor()
      assert.equal(await page.locator('html').getAttribute('lang'), 'ru')
      await page.getByText('начисление за верное решение').first().waitFor()
      await page.getByText('EN', { exact: true }).click()
      await page.getByRole('heading', { level: 1, name: /nothing needs you/ }).waitFor()
      await page.reload()
      await page.getByRole('heading', { level: 1, name: /nothing needs you/ }).waitFor()
      assert.equal(await page.locator('html').getAttribute('lang'), 'en')
    }),
  )

  test('takes its colours from the system, then as chosen', withBrowser, () =>
    visit({ colorScheme: 'dark' }, async ({ page }) => {
      const scheme = (): Promise<string | null> => page.locator('html').getAttribute('data-mantine-color-scheme')
      await page.getByRole('button', { name: 'Light colours' }).waitFor()
      assert.equal(await scheme(), 'dark')
      assert.match((await page.locator('.react-flow').getAttribute('class')) ?? '', /\bdark\b/)
      await page.getByRole('button', { name: 'Light colours' }).click()
      await page.getByRole('button', { name: 'Dark colours' }).waitFor()
      assert.equal(await scheme(), 'light')
      await page.reload()
      await page.getByRole('button', { name: 'Dark colours' }).waitFor()
      assert.equal(await scheme(), 'light')
    }),
  )

  for (const [reducedMotion, wanted] of [
    ['no-preference', true],
    ['reduce', false],
  ] as const) {
    test(`${wanted ? 'moves' : 'stills'} the map with reduced motion ${reducedMotion}`, withBrowser, () =>
      visit({ reducedMotion }, async ({ page }) => {
        const dashes = page.locator('[data-way="event"][data-flowing="true"] path[class*="dashed"]').first()
        await dashes.waitFor({ state: 'attached' })
        // The style comes when it comes; what is looked for is where it ends.
        await page.waitForFunction(([path, moves]) => path !== null && (getComputedStyle(path).animationName !== 'none') === moves, [
          await dashes.elementHandle(),
          wanted,
        ] as const)
      }),
    )
  }
})
