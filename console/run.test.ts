import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { visitor, withBrowser } from './testing/page.ts'

describe('the page of a run', () => {
  const visit = visitor()
  const parity = { at: 3, part: 0.6, state: 'waiting' } as const
  const waiting = { path: '/runs/R-7', stand: ({ system }) => system.stand(parity) } satisfies Parameters<typeof visit>[0]
  const finished = {
    path: '/runs/R-7',
    stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished' }),
  } satisfies Parameters<typeof visit>[0]

  test('shows what is waited for, as too little evidence and not as an error, and goes on by itself', withBrowser, () =>
    visit(waiting, async ({ page, engine }) => {
      await page.getByRole('heading', { level: 1, name: 'COMM-040 is moving to event; step 4: 128 of 200 pairs, 5.2 a second' }).waitFor()
      const gate = page.getByRole('region', { name: 'Gate' })
      await gate.getByText('Not enough evidence yet').waitFor()
      await gate.getByRole('img', { name: 'pairs compared: 128, at least 200' }).waitFor()
      await page.getByText('cutover run show R-7').waitFor()
      await page.getByText('chain intact').waitFor()
      engine.system.stepOn()
      await gate.getByRole('img', { name: 'pairs compared: 161, at least 200' }).waitFor()
    }),
  )

  test('pauses only after it was asked twice; Cancel has the focus', withBrowser, () =>
    visit(waiting, async ({ page, engine }) => {
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Pause R-7?' })
      await dialog.getByText('“Resume” goes on from there').waitFor()
      await dialog.locator('button:focus', { hasText: 'Cancel' }).waitFor()
      await page.keyboard.press('Enter')
      await dialog.waitFor({ state: 'detached' })
      assert.equal(engine.system.runs()[0]?.state, 'waiting')
      await page.keyboard.press('p')
      await dialog.getByRole('button', { name: 'Pause', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: /is paused at step 4/ }).waitFor()
      await page.getByRole('button', { name: 'Resume', exact: true }).click()
      await page.getByRole('dialog', { name: 'Resume R-7?' }).getByRole('button', { name: 'Resume', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: /is moving to event/ }).waitFor()
    }),
  )

  test('lists the inverses of a revert, last step first, and reverts', withBrowser, () =>
    visit(finished, async ({ page, engine }) => {
      await page.getByRole('button', { name: 'Revert', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Take COMM-040 back to HTTP?' })
      const lines = await dialog.locator('ol > li').allInnerTexts()
      assert.equal(lines.length, 7)
      assert.match(lines[0] ?? '', /^5a/)
      assert.match(lines[1] ?? '', /Switch COMM-040 back to HTTP/)
      assert.match(lines.at(-1) ?? '', /Take TaskCompleted v0 out of the registry/)
      await dialog.getByRole('button', { name: 'Revert', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: /is going back to HTTP/ }).waitFor()
      for (let steps = 0; steps < 7; steps++) engine.system.stepOn()
      await page.getByRole('heading', { level: 1, name: 'COMM-040 is back on HTTP, as before this run' }).waitFor()
    }),
  )

  test('passes the point of no return only when the link’s id was typed', withBrowser, () =>
    visit(finished, async ({ page }) => {
      await page.getByRole('button', { name: 'Complete', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Retire the old route of COMM-040?' })
      const complete = dialog.getByRole('button', { name: 'Complete', exact: true })
      assert.equal(await complete.isDisabled(), true)
      await dialog.getByLabel('Type COMM-040 to confirm').fill('COMM-04')
      assert.equal(await complete.isDisabled(), true)
      await dialog.getByLabel('Type COMM-040 to confirm').fill('COMM-040')
      await complete.click()
      await page.getByRole('heading', { level: 1, name: /is losing its old route; step 6/ }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Complete', exact: true }).count(), 0)
    }),
  )

  test('lets the second person approve, who orders nothing, and nobody complete before that', withBrowser, () => {
    const approval = { wanted: true, by: null, at: null, expires_at: null }
    const unapproved = {
      ...finished,
      stand: ({ system }) => system.stand({ at: 6, part: 1, state: 'finished', approval }),
    } satisfies Parameters<typeof visit>[0]
    return visit({ ...unapproved, signedIn: 'approver' }, async ({ page, engine, context }) => {
      await page.getByText('needs a second person’s approval to be completed').waitFor()
      assert.equal(await page.getByRole('button', { name: 'Complete', exact: true }).count(), 0)
      await page.getByRole('button', { name: 'Approve', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Approve that COMM-040 loses its old route?' })
      assert.match((await dialog.locator('ol > li').allInnerTexts())[0] ?? '', /^6/)
      await dialog.getByRole('button', { name: 'Approve', exact: true }).click()
      await page.getByText(/approved by approver, until/).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Approve', exact: true }).count(), 0)
      await context.request.post('/api/session', { data: { token: engine.token } })
      await page.reload()
      const complete = page.getByRole('button', { name: 'Complete', exact: true })
      assert.equal(await complete.isEnabled(), true)
      engine.system.stand({ at: 6, part: 1, state: 'finished', approval })
      await page.locator('[data-do="complete"][disabled]').waitFor()
    })
  })

  test('shows what the engine refuses, in the dialog that asked', withBrowser, () =>
    visit(waiting, async ({ page, engine }) => {
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Pause R-7?' })
      await dialog.waitFor()
      // It comes to its end while the dialog is open.
      engine.system.stand({ at: 6, part: 1, state: 'finished' })
      await page.getByRole('button', { name: 'Complete', exact: true }).waitFor({ state: 'attached' })
      await dialog.getByRole('button', { name: 'Pause', exact: true }).click()
      await dialog.getByRole('alert').getByText('R-7 is finished: it takes revert, complete').waitFor()
    }),
  )

  test('leads from the figures to the pairs, and to one pair side by side', withBrowser, () =>
    visit({ path: '/runs/R-7', stand: ({ system }) => system.stand({ ...parity, differing: 2, state: 'failed' }) }, async ({ page }) => {
      await page.getByRole('region', { name: 'Gate' }).getByText('Failed').waitFor()
      await page.getByRole('link', { name: /different/ }).click()
      const drawer = page.getByRole('dialog', { name: 'HTTP and event, compared' })
      await drawer.getByRole('button', { name: 'TaskCompleted:t-105:c-2217' }).click()
      await page.waitForURL(/pairs=different&pair=TaskCompleted/)
      const pair = drawer.getByRole('region', { name: 'TaskCompleted:t-105:c-2217' })
      assert.deepEqual(await pair.locator('[data-differs="true"] th').allInnerTexts(), ['amount', 'rating'])
    }),
  )

  test('opens the step that the address names', withBrowser, () =>
    visit({ ...waiting, path: '/runs/R-7?step=2-deployed' }, async ({ page }) => {
      await page.getByRole('heading', { level: 2, name: 'Give bonuses an empty consumer' }).waitFor()
      assert.equal(
        await page
          .locator('#steps [aria-current]')
          .innerText()
          .then(text => text.startsWith('deployed')),
        true,
      )
    }),
  )

  test('says of a run that is not there that it is not', withBrowser, () =>
    visit({ path: '/runs/R-99' }, async ({ page }) => {
      await page.getByRole('alert').getByText('there is no run "R-99"').waitFor()
    }),
  )

  test('is served by the keyboard alone', withBrowser, () =>
    visit(waiting, async ({ page }) => {
      await page.getByRole('heading', { level: 1, name: /COMM-040 is moving/ }).waitFor()
      await page.keyboard.press('g')
      await page.keyboard.press('m')
      await page.getByRole('heading', { level: 1, name: /1 of 9 links is moving/ }).waitFor()
      await page.keyboard.press('j')
      await page.keyboard.press('j')
      await page.keyboard.press('k')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'COMM-010' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.keyboard.press('g')
      await page.keyboard.press('r')
      await page.getByRole('link', { name: 'R-7' }).waitFor()
      await page.keyboard.press('k')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/runs/R-7')
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Link, run or page').fill('COMM-08')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'COMM-080' }).waitFor()
    }),
  )
})
