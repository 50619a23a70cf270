import assert from 'node:assert/strict'
import { TopicUnknown } from '../broker.ts'
import { aName, type Claim, limit, numbered, readAll, record, values } from './subject.ts'

/** Topics: made once, never by accident, told apart by id. */
export function topicClaims(claim: Claim): void {
  claim('making a topic again answers with the one that is there, also when all do it at once', async (broker, subject) => {
    const name = aName()
    const made = await Promise.all([broker, subject.open(), broker, subject.open()].map(one => one.createTopic(name, 3)))
    assert.deepEqual(
      made,
      made.map(() => made[0]),
    )
    assert.equal(made[0]?.partitions, 3)
    assert.deepEqual(await broker.topic(name), made[0])
    assert.deepEqual(
      (await broker.topics()).filter(topic => topic.name === name),
      [made[0]],
    )
    assert.deepEqual(
      await broker.bounds(name),
      [0, 1, 2].map(partition => ({ partition, start: 0n, end: 0n })),
    )
  })

  claim('a topic that is there with another number of partitions is refused', async broker => {
    const topic = await broker.createTopic(aName(), 2)
    await assert.rejects(broker.createTopic(topic.name, 3), /2 partitions/)
    for (const partitions of [0, -1, 1.5]) await assert.rejects(broker.createTopic(aName(), partitions), /partitions/)
    assert.equal((await broker.topic(topic.name))?.partitions, 2)
  })

  claim('a topic is never made by using it', async broker => {
    const name = aName()
    await assert.rejects(broker.append(name, [record('k', '1')]), TopicUnknown)
    const unknown = { id: '00000000-0000-4000-8000-000000000000', name }
    await assert.rejects(broker.fetch(unknown, [{ partition: 0, offset: 0n }], limit, 0), TopicUnknown)
    await assert.rejects(broker.bounds(name), TopicUnknown)
    await broker.deleteTopic(name)
    assert.equal(await broker.topic(name), undefined)
  })

  claim('a topic that was deleted and made again has another id, begins at 0, and is not read as the old one', async (broker, subject) => {
    const old = await broker.createTopic(aName(), 1)
    await broker.append(old.name, numbered('k', 3))
    const other = subject.open()
    await other.deleteTopic(old.name)
    assert.equal(await other.topic(old.name), undefined)
    const made = await other.reviveTopic(old.name, 1)
    assert.notEqual(made.id, old.id)
    // The first client has not heard of any of that.
    await broker.append(old.name, numbered('k', 2, 10))
    assert.deepEqual(values(await readAll(broker, made)), ['10', '11'])
    assert.deepEqual(await broker.bounds(old.name), [{ partition: 0, start: 0n, end: 2n }])
    await assert.rejects(broker.fetch(old, [{ partition: 0, offset: 1n }], limit, 0), TopicUnknown)
  })
}
