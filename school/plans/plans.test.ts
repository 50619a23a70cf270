import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transitionsOf, type LinkPlan } from '@cutover/engine/plan'
import { generatePlan } from '@cutover/engine/procedures'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { changes, planFor, plans, written } from './plans.ts'

const documented = readFileSync(new URL('../../docs/procedures.md', import.meta.url), 'utf8')

/** The numbers under a heading of docs/procedures.md. */
function numbersOf(procedure: string): string[] {
  const section = documented.split(/^## /m).find(text => text.startsWith(`${procedure}\n`))
  assert.ok(section, `docs/procedures.md has no "## ${procedure}"`)
  return [...section.matchAll(/^(\d+)\\?\. /gm)].map(match => match[1] ?? '')
}

for (const plan of [...plans, ...changes]) {
  test(`${plan.id} to ${plan.to} has the numbers of ${plan.procedure.split('.')[0]}, all of them, in their order`, () => {
    const steps = plan.steps.filter(step => step.why === null).map(step => step.id)
    assert.deepEqual(steps, numbersOf(plan.procedure))
  })

  test(`${plan.id} to ${plan.to} says why each step was added, and every title in both languages`, () => {
    for (const { title, why } of plan.steps) {
      for (const text of [title.en, title.ru, ...(why === null ? [] : [why.en, why.ru])]) assert.ok(text.length > 3)
      assert.match(title.ru, /[а-яё]/i)
    }
  })
}

test('every link of the matrix has a plan in either direction', () => {
  assert.deepEqual(
    plans.map(plan => `${plan.id} ${plan.to}`).toSorted(),
    links.flatMap(({ id }) => [`${id} event`, `${id} http`]).toSorted(),
  )
  assert.ok(plans.every(plan => transitionsOf(plan).length >= plan.steps.length))
})

/** All that a plan says and does, but for the code of its verbs, which is the same code. */
const told = ({ steps, ...head }: LinkPlan): object => ({
  ...head,
  steps: steps.map(({ verbs, ...step }) => ({
    ...step,
    verbs: verbs.map(({ name, does, asks, touches, requires, effects, inverse }) => ({
      name,
      does,
      asks,
      touches,
      requires,
      effects,
      inverse: inverse === null ? null : 'noReturn' in inverse ? inverse.noReturn : inverse.does,
    })),
  })),
})

for (const plan of written) {
  test(`${plan.id} to ${plan.to} as it is written down is what the matrix gives for it`, () =>
    assert.deepEqual(told(plan), told(generatePlan(plan.link, plan.to, events))))
}

test('by portions a plan has one added step more for each, before the switch and in the order of the portions', () => {
  for (const link of links.filter(one => one.kind === 'business')) {
    for (const [to, before, after] of [
      ['event', '4a', '5'],
      ['http', '1a', '2'],
    ] as const) {
      const whole = planFor(link, to, { portions: [] })
      const plan = planFor(link, to, { portions: [5, 25, 50] })
      assert.ok(whole !== undefined && plan !== undefined)
      const number = before.slice(0, 1)
      const ids = plan.steps.map(step => step.id)
      assert.deepEqual(ids.slice(ids.indexOf(before), ids.indexOf(after) + 1), [before, `${number}b`, `${number}c`, `${number}d`, after])
      const more = plan.steps.filter(step => !whole.steps.some(one => one.id === step.id))
      assert.deepEqual(
        more.map(({ why, title, verbs }) => [why !== null, /[а-яё]/i.test(title.ru), verbs.map(verb => verb.does.params['share'])]),
        [
          [true, true, [5]],
          [true, true, [25]],
          [true, true, [50]],
        ],
      )
      assert.notEqual(plan.hash, whole.hash)
    }
  }
})

test('without portions a plan is the one of the list, and a data link has none with them', () => {
  for (const link of links) {
    for (const to of ['event', 'http'] as const) {
      assert.equal(
        planFor(link, to, { portions: [] }),
        plans.find(plan => plan.id === link.id && plan.to === to),
      )
      assert.equal(planFor(link, to, { portions: [5] }) === undefined, link.kind === 'data')
    }
  }
})
