import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transitionsOf, type Plan } from '@cutover/engine/plan'
import { generatePlan } from '@cutover/engine/procedures'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { plans, written } from './plans.ts'

const documented = readFileSync(new URL('../../docs/procedures.md', import.meta.url), 'utf8')

/** The numbers under a heading of docs/procedures.md. */
function numbersOf(procedure: string): string[] {
  const section = documented.split(/^## /m).find(text => text.startsWith(`${procedure}\n`))
  assert.ok(section, `docs/procedures.md has no "## ${procedure}"`)
  return [...section.matchAll(/^(\d+)\\?\. /gm)].map(match => match[1] ?? '')
}

for (const plan of plans) {
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
const told = ({ steps, ...head }: Plan): object => ({
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
