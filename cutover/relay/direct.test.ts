import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aWord, telling, WordChanged } from '../../tests/copying.ts'
import { type Broker, type NewRecord, TopicRetired } from '../broker/broker.ts'
import type { Message } from '../contract/message.ts'
import { Problem } from '../failure/problem.ts'
import { type Clock, systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { type DirectBuffer, openDirectBuffer } from './direct.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const hasty: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal) }
const aMessage = (number: number): Message => telling(aWord(number, `w${number}`), 1, { position: '0' })
const full = (error: unknown): boolean =>
  error instanceof Problem && error.code === 'direct_full' && error.status === 503 && error.retryable

interface Buffering {
  readonly buffer: DirectBuffer
  readonly published: NewRecord[]
  readonly acks: (string | undefined)[]
  /** What the log does with the next appends. */
  fails: Error | null
}

function setup(limits: { factsMax?: number; bytesMax?: number; lastMs?: number } = {}): Buffering {
  const made: Buffering = { buffer: undefined as never, published: [], acks: [], fails: null }
  const broker = {
    async append(_topic: string, records: readonly NewRecord[], ack?: string) {
      if (made.fails !== null) throw made.fails
      made.published.push(...records)
      made.acks.push(ack)
    },
  } as Partial<Broker> as Broker
  const buffer = openDirectBuffer({
    broker,
    events: [WordChanged],
    limits: { factsMax: 3, bytesMax: 1_000_000, lastMs: 0, ...limits },
    clock: hasty,
    random: systemRandom,
    log,
  })
  return Object.assign(made, { buffer })
}

test('room is kept before the commit and given back without one; at the bound the next is refused', () => {
  const { buffer } = setup()
  const [first, second] = [buffer.reserve([aMessage(1), aMessage(2)]), buffer.reserve([aMessage(3)])]
  assert.throws(() => buffer.reserve([aMessage(4)]), full)
  second.release()
  buffer.reserve([aMessage(4)]).publish()
  first.publish()
  assert.throws(() => buffer.reserve([aMessage(5)]), full)
  assert.equal(buffer.status().waiting, 3)
})

test('the bytes have a bound too', () => {
  const size = Buffer.byteLength(aMessage(1).bytes)
  const { buffer } = setup({ bytesMax: 2 * size })
  buffer.reserve([aMessage(1), aMessage(2)])
  assert.throws(() => buffer.reserve([aMessage(3)]), full)
})

test('what was taken is tried until the log takes it, in its order, with acks of the leader; then there is room again', async () => {
  const made = setup()
  made.fails = new Error('the log is away')
  const stop = new AbortController()
  const running = made.buffer.run(stop.signal)
  for (const number of [1, 2, 3]) made.buffer.reserve([aMessage(number)]).publish()
  while (made.buffer.status().trouble === null) await systemClock.sleep(1)
  assert.throws(() => made.buffer.reserve([aMessage(4)]), full)
  made.fails = null
  while (made.buffer.status().waiting > 0) await systemClock.sleep(1)
  made.buffer.reserve([aMessage(4)]).publish()
  while (made.buffer.status().published < 4) await systemClock.sleep(1)
  stop.abort()
  await running
  assert.deepEqual(
    made.published.map(one => one.key),
    [1, 2, 3, 4].map(number => aWord(number, '').id),
  )
  assert.ok(made.acks.every(ack => ack === 'leader'))
})

test('a process that stops publishes what is left, and says what it could not', async () => {
  for (const fails of [null, new Error('the log is away')]) {
    const made = setup({ lastMs: fails === null ? 60_000 : 5 })
    const stop = new AbortController()
    stop.abort()
    made.buffer.reserve([aMessage(1), aMessage(2)]).publish()
    made.fails = fails
    await made.buffer.run(stop.signal)
    const { published, lost } = made.buffer.status()
    assert.deepEqual([published, lost], fails === null ? [2, 0] : [0, 2])
  }
})

test('of a topic that was deleted on purpose nobody is to be told: its facts are let go, and counted', async () => {
  const made = setup()
  made.fails = new TopicRetired(WordChanged.topic, new Date())
  const stop = new AbortController()
  const running = made.buffer.run(stop.signal)
  made.buffer.reserve([aMessage(1)]).publish()
  while (made.buffer.status().lost === 0) await systemClock.sleep(1)
  stop.abort()
  await running
  assert.deepEqual(made.buffer.status(), { waiting: 0, published: 0, lost: 1, trouble: null })
})
