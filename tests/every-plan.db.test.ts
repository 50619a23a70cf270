// Every plan of the school, and that of each business link by a portion of its keys first, over a system in memory:
// killed at each of its durable writes, both ways, and completed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFinal } from '../engine/plan/plan.ts'
import { events } from '../school/contracts/events.ts'
import { changes, planFor, plans } from '../school/plans/plans.ts'
import type { ChangePlan, LinkPlan } from '../engine/plan/plan.ts'
import type { Orders } from '../engine/run/orders.ts'
import { setup } from './running.ts'

type Ask = Parameters<Orders['apply']>[1]

const byPortions = plans.flatMap(({ link, to }) => planFor(link, to, { portions: [10] }) ?? [])

const subjectOf = (plan: LinkPlan) => {
  const event = events.find(one => one.name === plan.link.event)
  if (event === undefined) throw new Error(`${plan.link.event} is no event of the school`)
  return { link: plan.link, event, planFor, on: plan.to === 'event' ? ('http' as const) : ('event' as const) }
}
const moved = (plan: LinkPlan, ...portions: number[]) => ({
  plan,
  subject: subjectOf(plan),
  ask: { to: plan.to, portions } satisfies Ask as Ask,
  name: `${plan.id} to ${plan.to}${portions.length === 0 ? '' : ` by ${portions.join(', ')} %`}`,
})
const made = (change: ChangePlan) => ({ plan: change, subject: { change }, ask: {} as Ask, name: change.id })

const all = [...plans.map(plan => moved(plan)), ...byPortions.map(plan => moved(plan, 10)), ...changes.map(made)]

for (const { plan, subject, ask, name } of all) {
  test(`${name} reaches the same ends with the engine killed at every durable write, before it and after it`, async context => {
    const { system, orders, drive } = await setup(context, false, subject)
    const start = system.state()
    // Each write is first met by an engine that dies before it, then by one that dies right after it.
    const kill = (attempt: number, when: 'before' | 'after'): boolean => when === 'after' || attempt % 2 === 1
    const driven = (run: string): Promise<number> => drive(run, kill)

    const first = (await orders.apply(plan.id, ask, 'test')).run
    await driven(first)
    assert.equal((await orders.get(first)).state, 'finished')
    const finished = system.state()
    assert.notDeepEqual(finished, start)
    await orders.revert(first, 'test')
    await driven(first)
    assert.equal((await orders.get(first)).state, 'reverted')
    assert.deepEqual(system.state(), start)

    const second = (await orders.apply(plan.id, ask, 'test')).run
    await drive(second)
    assert.deepEqual(system.state(), finished, 'the same end without a kill')
    await orders.complete(second, 'test')
    await driven(second)
    assert.equal((await orders.get(second)).state, 'completed')
  })

  test(`${name} goes back from each of its steps to exactly where it began`, async context => {
    const { system, orders, drive } = await setup(context, false, subject)
    const start = system.state()
    assert.equal((await orders.plan(plan.id, ask.to, ask.portions)).hash, plan.hash)
    const final = plan.steps.findIndex(step => step.verbs.some(isFinal))
    for (const { id: until } of plan.steps.slice(0, final === -1 ? plan.steps.length : final).slice(0, -1)) {
      const { run } = await orders.apply(plan.id, { ...ask, until }, 'test')
      await drive(run)
      assert.equal((await orders.get(run)).state, 'paused', until)
      await orders.revert(run, 'test')
      await drive(run)
      assert.deepEqual(system.state(), start, until)
    }
  })
}
