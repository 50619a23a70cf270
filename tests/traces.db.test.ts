// One trace from a person's request to the effect in another service, by both routes, as a recorder sees it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { openLog } from '../cutover/process/log.ts'
import { openTracing } from '../cutover/telemetry/sdk.ts'
import { aCandidateWithATask } from './school-people.ts'
import { openSchool, type School } from './school.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const caller = `00-${trace}-00f067aa0ba902b7-01`

/** Spans that have ended and were handed over by now. */
class Kept extends InMemorySpanExporter {
  all(): readonly ReadableSpan[] {
    return this.getFinishedSpans()
  }
}

const named = (spans: readonly ReadableSpan[], pattern: RegExp): ReadableSpan[] => spans.filter(({ name }) => pattern.test(name))
const idOf = (span: ReadableSpan | undefined): string => span?.spanContext().spanId ?? 'none'

/** The handler's spans whose batch is in the trace, or was caused by it: what had to wait is handled by itself, later. */
function handledIn(spans: readonly ReadableSpan[], id: string): ReadableSpan[] {
  const batches = named(spans, /^process hiring\.task-completed$/).filter(
    span => span.spanContext().traceId === id || span.links.some(link => link.context.traceId === id),
  )
  return named(spans, /^handle COMM-040$/).filter(span => batches.some(batch => idOf(batch) === span.parentSpanContext?.spanId))
}

async function answerUnder(school: School, traceparent: string): Promise<void> {
  const { candidate, assignment } = await aCandidateWithATask(school)
  const answered = await school.call('hiring', 'POST', `/assignments/${assignment}/answer`, {
    as: candidate,
    body: { answers: ['forty-two'] },
    headers: { traceparent },
  })
  assert.equal(answered.status, 200, answered.text)
}

test('a request, its transaction, the delivery, the receiver and the handler are one trace by HTTP; by event the handler is linked to it', async context => {
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '50'
  const kept = new Kept()
  const tracing = await openTracing('test', '1', openLog({ service: 'test', instance: '1', level: 'silent' }), kept)
  const school = await openSchool(context)

  await answerUnder(school, caller)
  await context.test('by HTTP', async () => {
    await school.until('the effect', async () => handledIn(kept.all(), trace).length > 0)
    const own = kept.all().filter(span => span.spanContext().traceId === trace)
    const [server] = named(own, /^POST \/assignments\/\{id\}\/answer$/)
    const [transaction] = named(own, /^transaction$/)
    assert.equal(server?.parentSpanContext?.spanId, '00f067aa0ba902b7')
    assert.equal(transaction?.parentSpanContext?.spanId, idOf(server))
    const calls = named(own, /^POST$/).filter(span => span.attributes['cutover.link'] === 'COMM-040')
    assert.equal(calls[0]?.parentSpanContext?.spanId, idOf(transaction))
    const [door] = named(own, /^POST \/credits$/)
    assert.ok(calls.some(call => idOf(call) === door?.parentSpanContext?.spanId))
    const [first] = named(own, /^process hiring\.task-completed$/)
    assert.equal(first?.attributes['messaging.operation.type'], 'process')
    assert.equal(first?.parentSpanContext?.spanId, idOf(door))
  })

  const flipped = await school.call('hiring', 'POST', '/operator/switch', {
    as: 'operator',
    body: { link: 'COMM-040', route: 'event', term: 1 },
  })
  assert.equal(flipped.status, 200, flipped.text)
  const second = 'aaf92f3577b34da6a3ce929d0e0e4736'
  await answerUnder(school, `00-${second}-00f067aa0ba902b7-01`)
  await context.test('by event', async () => {
    const linked = (): ReadableSpan[] =>
      named(kept.all(), /^process hiring\.task-completed$/).filter(span => span.links.some(link => link.context.traceId === second))
    await school.until('the event handled', async () => handledIn(kept.all(), second).length > 0)
    const own = kept.all().filter(span => span.spanContext().traceId === second)
    const [send] = named(own, /^send hiring\.task-completed$/)
    assert.equal(send?.parentSpanContext?.spanId, idOf(named(own, /^transaction$/)[0]))
    assert.deepEqual(
      [send?.attributes['messaging.system'], send?.attributes['messaging.destination.name'], send?.attributes['messaging.operation.name']],
      ['cutover_pglog', 'hiring.task-completed', 'send'],
    )
    const [process] = linked()
    assert.ok(process?.links.some(link => link.context.spanId === idOf(send)))
    assert.notEqual(process?.spanContext().traceId, second)
  })
  await school.stop()
  await tracing.stop()
})

test('without a recorder the trace goes through all the same: kept with the fact, and told with every line of the log', async context => {
  const school = await openSchool(context)
  await answerUnder(school, caller)
  const { rows } = await asAdmin(school, `select traceparent from outbox where event = 'TaskCompleted'`)
  assert.deepEqual(rows, [{ traceparent: caller }])
  // Nobody said to which trace this one belongs: it has one of its own.
  const { rows: others } = await asAdmin(school, `select distinct traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-01$' as formed from outbox`)
  assert.deepEqual(others, [{ formed: true }])
  const broken = await school.call('hiring', 'POST', '/candidates', {
    as: { role: 'admin', subject: 'a' },
    body: '{',
    headers: { traceparent: caller },
  })
  assert.equal(broken.body['trace_id'], trace)
})

async function asAdmin(school: School, sql: string): Promise<{ rows: unknown[] }> {
  const { openDatabase } = await import('../cutover/database/database.ts')
  const database = openDatabase({ url: school.databases.hiring.url, name: 'test', connectionsMax: 1, onIdleError: () => undefined })
  try {
    return await database.query(sql)
  } finally {
    await database.close()
  }
}
