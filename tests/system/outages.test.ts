import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { DeliveryView } from '@cutover/engine/api/delivery'
import { type Answered, type Answering, percentile, startAnswering } from './answering.ts'
import { openOf } from './journey.ts'
import { openProxy } from './proxy.ts'
import { freeBase, pause, startSystem, type System } from './system.ts'

const timeout = 540_000
const rate = 30
const outageMs = Number(process.env['OUTAGE_SECONDS'] ?? 12) * 1_000
/** Within this a sender gives a call up. Whoever waited for the other side would wait as long. */
const deadlineOfCallsMs = 5_000

/** What was seen of delivery while something was away. */
interface Seen {
  readonly breakers: Set<string>
  attempts: number
  dead: number
  deepest: number
  sentences: Set<string>
}

/** Looks at delivery again and again while `work` goes on. */
async function watch(system: System, work: Promise<unknown>): Promise<Seen> {
  const seen: Seen = { breakers: new Set(), attempts: 0, dead: 0, deepest: 0, sentences: new Set() }
  let over = false
  void work.finally(() => (over = true)).catch(() => undefined)
  while (!over) {
    note(seen, await system.delivery())
    await pause()
  }
  await work
  return seen
}

function note(seen: Seen, view: DeliveryView): void {
  for (const lane of view.lanes) {
    if (lane.breaker.state !== 'closed') seen.breakers.add(`${lane.link ?? 'log'} of ${lane.service}`)
    seen.attempts = Math.max(seen.attempts, lane.attempts)
  }
  for (const { outbox } of view.services) seen.deepest = Math.max(seen.deepest, outbox?.depth ?? 0)
  seen.dead = Math.max(seen.dead, ...view.set_aside.map(one => one.dead))
  for (const { consumers } of view.services) for (const one of consumers) seen.sentences.add(one.consumer)
}

/** Nothing waits any more, in any lane of any service, and no breaker is open. */
const isQuiet = ({ services, lanes }: DeliveryView): boolean =>
  services.every(one => one.outbox !== null && one.outbox.depth === 0) &&
  lanes.every(one => one.breaker.state === 'closed' && one.retries === 0)

async function untilQuiet(system: System): Promise<void> {
  while (!isQuiet(await system.delivery())) await pause()
}

async function killAgainAndAgain(system: System): Promise<void> {
  for (const until = Date.now() + outageMs; Date.now() < until; await pause()) await system.fault({ kind: 'kill', service: 'bonuses' })
}

/** The traffic stopped, all arrived once, and the books agree. */
async function settleClean(system: System): Promise<void> {
  await system.traffic('stop')
  const report = await system.settle()
  assert.equal(openOf(report), 0, 'everything that was accepted has arrived')
  assert.deepEqual(
    report.links.flatMap(link => link.samples),
    [],
  )
  assert.equal(report.ok, true)
  assert.deepEqual({ balanced: report.ledger?.balanced, sum: report.ledger?.sum }, { balanced: true, sum: 0 })
  await untilQuiet(system)
}

/** Every answer was taken, and none waited until a call was given up. Ratios are told, not judged: the machine is shared. */
function judge(context: TestContext, what: string, during: readonly Answered[], before: readonly Answered[]): void {
  const ratio = (share: number): string => (percentile(during, share) / percentile(before, share)).toFixed(2)
  context.diagnostic(
    `${what}: ${during.length} answers, p50 x ${ratio(0.5)}, p99 x ${ratio(0.99)} (before: ${percentile(before, 0.5).toFixed(0)} and ${percentile(before, 0.99).toFixed(0)} ms)`,
  )
  assert.ok(during.length > rate, what)
  assert.deepEqual(
    during.filter(one => one.status !== 200),
    [],
    what,
  )
  assert.ok(percentile(during, 1) < deadlineOfCallsMs, `${what}: the slowest answer took ${percentile(during, 1).toFixed(0)} ms`)
}

async function during(answering: Answering, work: Promise<unknown>): Promise<readonly Answered[]> {
  answering.take()
  await work
  return answering.take()
}

test(
  'the receiver stopped, killed again and again, and the log cut off: answers stay fast, no attempt is spent, nothing is lost',
  { timeout },
  async context => {
    const port = await freeBase()
    const log = await openProxy(port + 2)
    context.after(() => log.close())
    const system = await startSystem({
      instances: 'hiring=1',
      rate: 0,
      port,
      environment: { CUTOVER_TEST_LOG_PORT: String(log.port) },
    })
    const answering = await startAnswering(system, rate)
    try {
      const calm = await during(answering, pause(outageMs))
      judge(context, 'before', calm, calm)
      const outages: readonly (readonly [what: string, breaker: string, work: () => Promise<unknown>])[] = [
        [
          'bonuses stands still',
          'COMM-040 of hiring',
          async () => {
            await system.fault({ kind: 'pause', service: 'bonuses', seconds: outageMs / 1_000 })
            await pause(outageMs)
          },
        ],
        ['bonuses is killed again and again', 'COMM-040 of hiring', () => killAgainAndAgain(system)],
        [
          'the log is cut off',
          'log of hiring',
          async () => {
            log.cut()
            await pause(outageMs)
            log.mend()
          },
        ],
      ]
      for (const [what, breaker, work] of outages) {
        let seen: Seen | undefined
        const answers = await during(
          answering,
          watch(system, work()).then(found => (seen = found)),
        )
        judge(context, what, answers, calm)
        assert.ok(seen !== undefined)
        context.diagnostic(`${what}: up to ${seen.deepest} facts waited; not closed: ${[...seen.breakers].join(', ')}`)
        assert.ok(seen.breakers.has(breaker), `${what}: ${[...seen.breakers].join(', ')}`)
        assert.deepEqual([seen.attempts, seen.dead], [0, 0], what)
        // Beside live traffic, which goes on.
        while ((await system.delivery()).lanes.some(lane => lane.breaker.state !== 'closed' || lane.catching_up)) await pause()
      }
      await answering.stop()
      await settleClean(system)
      const end = await watch(system, Promise.resolve())
      assert.deepEqual([end.attempts, end.dead], [0, 0])
    } finally {
      await answering.stop()
      await system.stop()
    }
  },
)

test('an outbox at its bound refuses with 503 `capacity` and says so, and all that was accepted arrives', { timeout }, async context => {
  const system = await startSystem({ instances: 'hiring=1', rate: 0, environment: { OUTBOX_MAX: '300' } })
  const answering = await startAnswering(system, rate)
  try {
    const hiring = async (): Promise<DeliveryView['services'][number]['outbox']> =>
      (await system.delivery()).services.find(one => one.service === 'hiring')?.outbox ?? null
    await system.fault({ kind: 'pause', service: 'bonuses', seconds: 600 })
    while ((await hiring())?.level !== 'full') await pause()
    // Some: an estimate may fill it for a moment before it is full for good.
    const refused: Answered[] = []
    while (refused.filter(one => one.status === 503).length < 10) {
      await pause()
      refused.push(...answering.take())
    }
    const told = refused.filter(one => one.status === 503)
    assert.deepEqual([...new Set(told.map(one => `${one.code} ${one.retryAfter}`))], ['capacity 1'])
    assert.deepEqual(
      refused.filter(one => one.status !== 200 && one.status !== 503),
      [],
    )
    const outbox = await hiring()
    context.diagnostic(`at the bound of ${outbox?.bound}: ${outbox?.depth} facts wait, ${told.length} answers refused`)
    assert.ok(outbox !== null && outbox.depth < 600, String(outbox?.depth))
    await system.fault({ kind: 'resume', service: 'bonuses' })
    while ((await hiring())?.level !== 'normal') await pause()
    while (!answering.take().some(one => one.status === 200)) await pause()
    await answering.stop()
    await settleClean(system)
  } finally {
    await answering.stop()
    await system.stop()
  }
})
