import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, test } from 'node:test'
import { openLog } from '../process/log.ts'
import { currentTrace, newTrace, readTrace } from '../process/trace.ts'
import { messagingSystem } from './names.ts'
import { openTracing, readTracing } from './sdk.ts'
import { beginSpan, inSpan, isTracing } from './tracing.ts'

const log = openLog({ service: 'test', instance: '1', level: 'silent' })
const set: string[] = []
afterEach(() => {
  for (const name of set.splice(0)) delete process.env[name]
})
const environment = (values: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(values)) {
    process.env[name] = value
    set.push(name)
  }
}

test('without a word of the environment there are no traces, and no SDK', async () => {
  const tracing = await openTracing('hiring', '1', log)
  assert.equal(isTracing(), false)
  assert.equal(beginSpan({ name: 'x', kind: 'internal', attributes: () => assert.fail('nobody records') }).span, undefined)
  await tracing.stop()
})

test('an endpoint is enough to ask for traces; what is wrong is told at once, without its value', () => {
  const read = (values: Readonly<Record<string, string>>): string => readTracing(values).exporter
  assert.equal(read({}), 'none')
  assert.equal(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }), 'otlp')
  assert.equal(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }), 'otlp')
  assert.equal(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }), 'none')
  assert.equal(read({ OTEL_TRACES_EXPORTER: 'console', OTEL_SDK_DISABLED: 'true' }), 'none')
  assert.throws(
    () => read({ OTEL_TRACES_EXPORTER: 'zipkin', OTEL_TRACES_SAMPLER_ARG: '7', OTEL_EXPORTER_OTLP_ENDPOINT: 'secret' }),
    /OTEL_TRACES_EXPORTER must be one of otlp, console, none.*\n.*OTEL_EXPORTER_OTLP_ENDPOINT must be an address.*\n.*OTEL_TRACES_SAMPLER_ARG must be from 0 to 1/,
  )
})

test('spans arrive at a collector, with their service, parent and kind, and the last ones when the process stops', async () => {
  const received: { path: string; body: string }[] = []
  const collector = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      received.push({ path: request.url ?? '', body })
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  environment({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` })
  const tracing = await openTracing('hiring', '1', log)
  const outer = newTrace()
  const failing = inSpan(
    { name: 'send topic', kind: 'producer', parent: outer, links: () => [newTrace().traceparent, null, 'wrong'] },
    async (_, trace) => {
      assert.equal(trace.traceId, outer.traceId)
      assert.notEqual(trace.traceparent, outer.traceparent)
      assert.equal(currentTrace()?.traceparent, trace.traceparent)
      throw Object.assign(new Error('Ada Lovelace'), { code: 'ECONNREFUSED' })
    },
  )
  await assert.rejects(failing, /Ada/)
  await tracing.stop()
  collector.close()
  assert.equal(isTracing(), false)
  assert.deepEqual(
    received.map(({ path }) => path),
    ['/v1/traces'],
  )
  const { body = '' } = received[0] ?? {}
  for (const text of ['"hiring"', '"send topic"', outer.traceId, outer.traceparent.slice(36, 52), 'ECONNREFUSED'])
    assert.ok(body.includes(text), `${text} in ${body}`)
  assert.ok(!body.includes('Ada'))
  const [span] =
    (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: { links: unknown[] }[] }[] }[] }).resourceSpans[0]?.scopeSpans[0]?.spans ??
    []
  assert.equal(span?.links.length, 1)
})

test('a sampler that takes none records nothing, and hands the trace on as not recorded', async () => {
  environment({ OTEL_TRACES_EXPORTER: 'console', OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' })
  const tracing = await openTracing('hiring', '1', log)
  const { trace, span } = beginSpan({ name: 'x', kind: 'server', parent: null })
  assert.equal(span?.isRecording(), false)
  assert.match(trace.traceparent, /-00$/)
  await tracing.stop()
})

test('a traceparent that is none is no trace, and no error', () => {
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  assert.equal(readTrace(good)?.traceId, '4bf92f3577b34da6a3ce929d0e0e4736')
  for (const wrong of [
    undefined,
    null,
    7,
    '',
    'x',
    good.toUpperCase(),
    `${good}-more`,
    good.replace('00-', 'ff-'),
    good.replace(/4bf\w+/, '0'.repeat(32)),
    good.replace(/00f0\w+/, '0'.repeat(16)),
  ])
    assert.equal(readTrace(wrong), undefined, String(wrong))
  assert.equal(readTrace(good, 'a=1')?.state, 'a=1')
  assert.equal(readTrace(good, 'x'.repeat(513))?.state, undefined)
})

test('the name of the messaging system is spelled as OTEL_SEMCONV_STABILITY_OPT_IN asks', () => {
  assert.deepEqual(messagingSystem('kafka', undefined), { 'messaging.system': 'kafka' })
  assert.deepEqual(messagingSystem('kafka', 'http,messaging'), { 'messaging.system.name': 'kafka' })
  assert.deepEqual(messagingSystem('kafka', 'messaging/dup'), { 'messaging.system': 'kafka', 'messaging.system.name': 'kafka' })
})
