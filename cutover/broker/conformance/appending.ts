import assert from 'node:assert/strict'
import { type LogRecord, type NewRecord, partitionOf } from '../broker.ts'
import { after, aName, assertContiguous, type Claim, forEverMs, numbered, readAll, record, startOf, values } from './subject.ts'

/** Appending: what is written is read, in order and without gaps. */
export function appendClaims(claim: Claim): void {
  claim('a record is read as it was appended', async broker => {
    const topic = await broker.createTopic(aName(), 1)
    const given: NewRecord[] = [
      { key: 'task:1', value: '{"a": 1}', headers: { 'cutover-fact': 'f1', traceparent: '00-1-2-01' } },
      { key: '', value: '', headers: {} },
      { key: 'é\u{1F600}\u2028', value: ' "\\\n\t\u{10FFFF}', headers: { 'cutover-business-key': 'Über:"1":\\' } },
      { key: 'large', value: 'x'.repeat(1024 * 1024), headers: {} },
    ]
    const before = Date.now() - 60_000
    await broker.append(topic.name, given)
    const read = await readAll(broker, topic)
    assert.deepEqual(
      read.map(({ key, value, headers }) => ({ key, value, headers })),
      given,
    )
    for (const one of read) assert.ok(one.appendedAt.getTime() > before && one.appendedAt.getTime() < Date.now() + 60_000)
  })

  claim('records of a key keep their order, in the partition of the key', async broker => {
    const topic = await broker.createTopic(aName(), 4)
    const keys = Array.from({ length: 10 }, (_, n) => `k${n}`)
    for (let round = 0; round < 5; round++) {
      await broker.append(
        topic.name,
        keys.flatMap(key => numbered(key, 3, round * 3)),
      )
    }
    const read = await readAll(broker, topic)
    assert.equal(read.length, 150)
    for (const key of keys) {
      const own = read.filter(one => one.key === key)
      assert.deepEqual(values(own), values(numbered(key, 15) as LogRecord[]))
      assert.ok(own.every(one => one.partition === partitionOf(key, 4)))
    }
  })

  claim('an append is for everybody to read once it has returned, and an empty one is nothing', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 2)
    const other = subject.open()
    for (let n = 1; n <= 20; n++) {
      await broker.append(topic.name, [record(`k${n}`, String(n))])
      assert.equal((await readAll(other, topic)).length, n)
    }
    await broker.append(topic.name, [])
    assert.equal((await readAll(other, topic)).length, 20)
  })

  claim('under eight writers at once offsets have no gap, and a reader beside them misses nothing', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 3)
    const [writers, batches, size] = [8, 15, 7]
    const reading = (async () => {
      const all: LogRecord[] = []
      const reader = subject.open()
      for (let from = startOf(topic); all.length < writers * batches * size;) {
        const records = await reader.fetch(topic, from, 50, forEverMs)
        all.push(...records)
        from = after(from, records)
      }
      return all
    })()
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        const own = writer % 2 === 0 ? broker : subject.open()
        for (let batch = 0; batch < batches; batch++) {
          // Keys in another order for each writer, so that they meet in the partitions crosswise.
          const records = Array.from({ length: size }, (_, n) => record(`w${writer}.${(n * (writer + 1)) % size}`, String(batch)))
          await own.append(topic.name, records)
        }
      }),
    )
    const read = await reading
    assert.equal(read.length, writers * batches * size)
    assertContiguous(read)
    for (const [key, own] of Map.groupBy(read, one => one.key)) {
      const places = values(own).map(Number)
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
        `the order of ${key}`,
      )
    }
    const bounds = await broker.bounds(topic.name)
    assert.deepEqual(
      bounds.map(one => one.end),
      bounds.map(({ partition }) => BigInt(read.filter(one => one.partition === partition).length)),
    )
  })

  claim('a writer that dies before its append is complete leaves no record and no gap', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    await broker.append(topic.name, numbered('k', 2))
    await subject.dieAppending(topic, numbered('k', 5, 100))
    await broker.append(topic.name, numbered('k', 2, 2))
    const read = await readAll(broker, topic)
    assert.deepEqual(values(read), ['0', '1', '2', '3'])
    assertContiguous(read)
  })
}
