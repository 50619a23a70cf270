import assert from 'node:assert/strict'
import { type LogRecord, OffsetOutOfRange, partitionOf } from '../broker.ts'
import { aName, assertContiguous, type Claim, forEverMs, limit, numbered, readAll, record, startOf, values } from './subject.ts'

/** Fetching: from anywhere, fairly, and never past a gap. */
export function fetchClaims(claim: Claim): void {
  claim('a fetch begins at any offset, and at the end there is nothing', async broker => {
    const topic = await broker.createTopic(aName(), 1)
    await broker.append(topic.name, numbered('k', 30))
    for (const offset of [0n, 1n, 17n, 29n, 30n]) {
      const read = await readAll(broker, topic, [{ partition: 0, offset }], 4)
      assert.deepEqual(values(read), values(numbered('k', 30) as LogRecord[]).slice(Number(offset)))
      assertContiguous(read, offset)
    }
    assert.deepEqual(await broker.fetch(topic, [{ partition: 0, offset: 30n }], limit, 0), [])
  })

  claim('a partition that is full does not keep the others from being read', async broker => {
    const topic = await broker.createTopic(aName(), 4)
    const keyOf = (partition: number): string =>
      Array.from({ length: 100 }, (_, n) => `k${n}`).find(key => partitionOf(key, 4) === partition) ?? ''
    await broker.append(topic.name, numbered(keyOf(0), 300))
    await broker.append(topic.name, [record(keyOf(1), 'one'), record(keyOf(3), 'three')])
    const read = await broker.fetch(topic, startOf(topic), 20, 0)
    assert.deepEqual(
      [...new Set(read.map(one => one.partition))].toSorted((a, b) => a - b),
      [0, 1, 3],
    )
    assert.equal(read.length, 20)
    const one = await broker.fetch(topic, startOf(topic), 1, 0)
    assert.equal(one.length, 1)
  })

  claim('several readers read the same, each at its own pace', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 2)
    await broker.append(
      topic.name,
      Array.from({ length: 60 }, (_, n) => record(`k${n % 7}`, String(n))),
    )
    const reads = await Promise.all([1, 7, 60].map(step => readAll(subject.open(), topic, startOf(topic), step)))
    const byPartition = (records: readonly LogRecord[]): string[][] =>
      [0, 1].map(partition => values(records.filter(one => one.partition === partition)))
    for (const read of reads) assert.deepEqual(byPartition(read), byPartition(await readAll(broker, topic)))
  })

  claim('an offset whose record is gone is out of range, never skipped, and offsets go on', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    await broker.append(topic.name, numbered('k', 5))
    const reader = subject.open()
    assert.equal((await readAll(reader, topic)).length, 5)
    await subject.expire(topic)
    const early = (offset: bigint): Promise<unknown> => reader.fetch(topic, [{ partition: 0, offset }], limit, 0)
    const gone = (error: unknown): boolean => error instanceof OffsetOutOfRange && error.partition === 0 && error.start === 5n
    for (const offset of [0n, 4n]) await assert.rejects(early(offset), gone)
    assert.deepEqual(await early(5n), [])
    assert.deepEqual(await broker.bounds(topic.name), [{ partition: 0, start: 5n, end: 5n }])
    await broker.append(topic.name, numbered('k', 2, 5))
    await assert.rejects(early(4n), gone)
    const read = await readAll(reader, topic, [{ partition: 0, offset: 5n }])
    assert.deepEqual(values(read), ['5', '6'])
    assertContiguous(read, 5n)
  })

  claim('an offset beyond the end is out of range: the log has lost what was there, and will give the offset again', async broker => {
    const topic = await broker.createTopic(aName(), 1)
    await broker.append(topic.name, numbered('k', 3))
    const beyond = (error: unknown): boolean => {
      if (!(error instanceof OffsetOutOfRange)) return false
      const { wanted, start, end, resume } = error.gap
      return wanted === 4n && start === 0n && end === 3n && resume === 0n
    }
    await assert.rejects(broker.fetch(topic, [{ partition: 0, offset: 4n }], limit, forEverMs), beyond)
  })

  claim('a reader that has read everything has nothing overdue, and telling it decides nothing', async broker => {
    const topic = await broker.createTopic(aName(), 2)
    await broker.append(topic.name, numbered('k', 3))
    for (let again = 0; again < 2; again++) assert.deepEqual(await broker.progress('reader', topic, startOf(topic)), [])
    assert.deepEqual(await broker.progress('reader', topic, []), [])
    assert.equal((await readAll(broker, topic)).length, 3)
  })

  claim('a gap in one partition is told although another has records', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 2)
    const [zero, one] = [0, 1].map(partition => ['a', 'b', 'c', 'd'].find(key => partitionOf(key, 2) === partition) ?? '') as [
      string,
      string,
    ]
    await broker.append(topic.name, [record(zero, 'old'), record(one, 'old')])
    await subject.expire(topic)
    await broker.append(topic.name, numbered(one, 10))
    const from = [
      { partition: 0, offset: 0n },
      { partition: 1, offset: 1n },
    ]
    await assert.rejects(broker.fetch(topic, from, 5, 0), OffsetOutOfRange)
  })
}
