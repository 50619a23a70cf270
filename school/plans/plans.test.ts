import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transitionsOf, type Plan } from '@cutover/engine/plan'
import { plans } from './plans.ts'

const written = readFileSync(new URL('../../docs/procedures.md', import.meta.url), 'utf8')

/** The numbers under a heading of docs/procedures.md. */
function numbersOf(procedure: string): string[] {
  const section = written.split(/^## /m).find(text => text.startsWith(`${procedure}\n`))
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

test('every business link has a plan in either direction', () => {
  const both = (plan: Plan): string => `${plan.id} ${plan.to}`
  assert.deepEqual(plans.map(both).toSorted(), [
    'COMM-030 event',
    'COMM-030 http',
    'COMM-040 event',
    'COMM-040 http',
    'COMM-050 event',
    'COMM-050 http',
    'COMM-080 event',
    'COMM-080 http',
  ])
  assert.ok(plans.every(plan => transitionsOf(plan).length >= plan.steps.length))
})
