import assert from 'node:assert/strict'
import { after, aName, type Claim, forEverMs, limit, readAll, record, startOf, values } from './subject.ts'

/** Waiting for records: woken, ended by time, signal and close. */
export function waitClaims(claim: Claim): void {
  claim('a fetch that waits is woken by an append of another client, without waiting for its polling', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 2)
    const reader = subject.open()
    for (let n = 0, from = startOf(topic); n < 5; n++) {
      const waiting = reader.fetch(topic, from, limit, forEverMs)
      await broker.append(topic.name, [record(`k${n}`, String(n))])
      const read = await waiting
      assert.deepEqual(values(read), [String(n)])
      from = after(from, read)
    }
  })

  claim('all readers that wait are woken', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    const other = subject.open()
    const waiting = [broker, other, other, subject.open()].map(one => one.fetch(topic, startOf(topic), limit, forEverMs))
    await broker.append(topic.name, [record('k', 'news')])
    for (const read of await Promise.all(waiting)) assert.deepEqual(values(read), ['news'])
  })

  claim('a fetch answers with nothing after its time', async broker => {
    const topic = await broker.createTopic(aName(), 1)
    const began = Date.now()
    assert.deepEqual(await broker.fetch(topic, startOf(topic), limit, 60), [])
    assert.ok(Date.now() - began >= 55, 'it waits for as long as it was told to')
  })

  claim('a fetch that waits ends with nothing when its signal aborts', async broker => {
    const topic = await broker.createTopic(aName(), 1)
    const abort = new AbortController()
    const waiting = broker.fetch(topic, startOf(topic), limit, forEverMs, abort.signal)
    abort.abort()
    assert.deepEqual(await waiting, [])
    assert.deepEqual(await broker.fetch(topic, startOf(topic), limit, forEverMs, AbortSignal.abort()), [])
  })

  claim('closing ends every fetch that waits; other calls fail from then on', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    const reader = subject.open()
    await reader.append(topic.name, [record('k', '1')])
    const waiting = [1, 2].map(() => reader.fetch(topic, [{ partition: 0, offset: 1n }], limit, forEverMs))
    await reader.topic(topic.name)
    await reader.close()
    assert.deepEqual(await Promise.all(waiting), [[], []])
    await reader.close()
    await assert.rejects(reader.append(topic.name, [record('k', '2')]))
    assert.equal((await readAll(broker, topic)).length, 1)
  })
}
