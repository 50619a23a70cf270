import assert from 'node:assert/strict'
import { type Broker, TopicQuarantined, TopicRetired, type Topic, TopicUnknown } from '../broker.ts'
import { aName, assertContiguous, type Claim, forEverMs, limit, numbered, readAll, record, startOf, values } from './subject.ts'

/** Hiding: in quarantine nothing is lost and nothing is touched, and what was deleted does not come back by itself. */
export function hideClaims(claim: Claim): void {
  const fetched = (broker: Broker, topic: Topic): Promise<unknown> => broker.fetch(topic, startOf(topic), limit, 0)
  const touchesOf = async (broker: Broker, name: string): Promise<string[]> =>
    (await broker.touches(name)).map(({ who, what, count }) => `${who} ${what} ${count}`).toSorted()

  claim('in quarantine a topic is not listed, not made again, and neither appended to nor read', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 2)
    await broker.append(topic.name, numbered('k', 3))
    const other = subject.open()
    await other.append(topic.name, numbered('k', 1, 3))
    const { since, ...hidden } = await broker.quarantineTopic(topic.name)
    assert.deepEqual(hidden, { ...topic, state: 'quarantined' })
    const told = new RegExp(`is in quarantine since ${since.toISOString()}`)
    for (const one of [broker, other, subject.open()]) {
      for (const used of [
        () => one.append(topic.name, [record('k', '9')]),
        () => fetched(one, topic),
        () => one.createTopic(topic.name, 2),
      ]) {
        await assert.rejects(used, (error: Error) => error instanceof TopicQuarantined && told.test(error.message))
      }
      for (const used of [() => one.reviveTopic(topic.name, 2), () => one.bounds(topic.name)]) await assert.rejects(used, TopicQuarantined)
      assert.equal(await one.topic(topic.name), undefined)
      assert.ok((await one.topics()).every(({ name }) => name !== topic.name))
      assert.deepEqual(await one.hidden(topic.name), { ...hidden, since })
    }
    // Again it changes nothing, not even its time.
    assert.deepEqual(await other.quarantineTopic(topic.name), { ...hidden, since })
  })

  claim('a topic that is restored has its id, its records and its offsets, and goes on with the next', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    await broker.append(topic.name, numbered('k', 3))
    await broker.quarantineTopic(topic.name)
    await assert.rejects(broker.append(topic.name, numbered('k', 3, 100)), TopicQuarantined)
    const other = subject.open()
    assert.deepEqual(await other.restoreTopic(topic.name), topic)
    assert.deepEqual(await broker.restoreTopic(topic.name), topic)
    assert.deepEqual([await broker.topic(topic.name), await broker.hidden(topic.name)], [topic, undefined])
    await broker.append(topic.name, numbered('k', 2, 3))
    const read = await readAll(other, topic)
    assert.deepEqual(values(read), ['0', '1', '2', '3', '4'])
    assertContiguous(read)
  })

  claim('whoever writes while a topic goes into quarantine is either read after it or refused', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 3)
    const returned: string[] = []
    const thrown: string[] = []
    const writing = Array.from({ length: 6 }, async (_, writer) => {
      const own = subject.open()
      for (let batch = 0; ; batch++) {
        const records = Array.from({ length: 7 }, (_one, n) => record(`w${(writer * n) % 5}`, `${writer}.${batch}.${n}`))
        const refused = await own.append(topic.name, records).catch((error: unknown) => error)
        const told = refused === undefined ? returned : thrown
        told.push(...records.map(({ value }) => value))
        if (refused !== undefined) return refused
      }
    })
    while (returned.length < 100) await Promise.race([...writing, broker.bounds(topic.name)])
    await broker.quarantineTopic(topic.name)
    for (const refused of await Promise.all(writing)) assert.ok(refused instanceof TopicQuarantined)
    await broker.restoreTopic(topic.name)
    const read = await readAll(broker, topic)
    // One that was refused may have happened in part: a log need not append to several partitions at once.
    const expected = [...returned, ...values(read).filter(value => thrown.includes(value))]
    assert.deepEqual(values(read).toSorted(), expected.toSorted())
    assert.equal(new Set(values(read)).size, read.length)
    assertContiguous(read)
  })

  claim('a fetch that waits ends when its topic goes into quarantine', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    const waiting = subject.open('reader').fetch(topic, startOf(topic), limit, forEverMs)
    const ended = assert.rejects(waiting, TopicQuarantined)
    await broker.quarantineTopic(topic.name)
    await ended
    assert.deepEqual(await touchesOf(broker, topic.name), ['reader fetch 1'])
  })

  claim('who wants to use a hidden topic is noted by name, kind and number, and looking is not noted', async (broker, subject) => {
    const topic = await broker.createTopic(aName(), 1)
    const { since } = await broker.quarantineTopic(topic.name)
    const [one, two] = [subject.open('one'), subject.open('two')]
    await Promise.all([one.topic(topic.name), one.topics(), one.hidden(topic.name), one.touches(topic.name)])
    await assert.rejects(one.bounds(topic.name), TopicQuarantined)
    assert.deepEqual(await broker.touches(topic.name), [])
    for (let n = 0; n < 3; n++) await assert.rejects(one.append(topic.name, [record('k', '1')]), TopicQuarantined)
    await assert.rejects(one.createTopic(topic.name, 1), TopicQuarantined)
    await Promise.all(Array.from({ length: 5 }, () => assert.rejects(fetched(two, topic), TopicQuarantined)))
    assert.deepEqual(await touchesOf(broker, topic.name), ['one append 3', 'one create 1', 'two fetch 5'])
    for (const touch of await broker.touches(topic.name)) assert.ok(touch.firstAt >= since && touch.lastAt >= touch.firstAt)
    // They stay when it is restored, and the next time begins without any.
    await broker.restoreTopic(topic.name)
    assert.equal((await broker.touches(topic.name)).length, 3)
    await broker.quarantineTopic(topic.name)
    assert.deepEqual(await broker.touches(topic.name), [])
  })

  claim('a topic that was deleted is not made again by accident, and who tries is noted', async (broker, subject) => {
    for (const quarantined of [false, true]) {
      const topic = await broker.createTopic(aName(), 2)
      await broker.append(topic.name, numbered('k', 3))
      if (quarantined) await broker.quarantineTopic(topic.name)
      await broker.deleteTopic(topic.name)
      await broker.deleteTopic(topic.name)
      assert.equal((await broker.hidden(topic.name))?.state, 'retired')
      const late = subject.open('late')
      for (const used of [
        () => late.append(topic.name, [record('k', '9')]),
        () => fetched(late, topic),
        () => late.createTopic(topic.name, 2),
      ]) {
        await assert.rejects(used, (error: Error) => error instanceof TopicRetired && error instanceof TopicUnknown)
      }
      assert.deepEqual(await touchesOf(broker, topic.name), ['late append 1', 'late create 1', 'late fetch 1'])
      for (const used of [() => broker.quarantineTopic(topic.name), () => broker.restoreTopic(topic.name)])
        await assert.rejects(used, TopicRetired)
      assert.deepEqual([await broker.topic(topic.name), await late.topic(topic.name)], [undefined, undefined])
    }
  })

  claim(
    'a retired name is revived on purpose, once by all who do it at once, with another number of partitions too',
    async (broker, subject) => {
      const old = await broker.createTopic(aName(), 2)
      await broker.append(old.name, numbered('k', 3))
      await broker.deleteTopic(old.name)
      const made = await Promise.all([broker, subject.open(), broker, subject.open()].map(one => one.reviveTopic(old.name, 1)))
      assert.deepEqual(
        made,
        made.map(() => made[0]),
      )
      assert.notEqual(made[0]?.id, old.id)
      assert.deepEqual(await broker.createTopic(old.name, 1), made[0])
      assert.equal(await broker.hidden(old.name), undefined)
      assert.deepEqual(await readAll(broker, made[0] ?? assert.fail()), [])
    },
  )

  claim('what is not there can be neither put into quarantine nor restored, and has no touches', async broker => {
    const name = aName()
    for (const done of [() => broker.quarantineTopic(name), () => broker.restoreTopic(name)]) await assert.rejects(done, TopicUnknown)
    assert.deepEqual([await broker.hidden(name), await broker.touches(name)], [undefined, []])
  })
}
