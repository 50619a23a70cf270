import { type Connection, produceV9, Writer } from '@platformatic/kafka'
import type { Topic } from '../broker.ts'
import { offsetsOf } from './records.ts'
import { changeSetting } from './topics.ts'
import { answeredWith, errorCodes, type Wire } from './wire.ts'

/** No batch is as short as nothing: with this the brokers refuse every append, of whatever client. */
export const fenceSetting = 'max.message.bytes'
const shut = '0'
const produceKey = 0
const produceVersion = 9
const leaderAck = 1
const requestMs = 5_000
const fenceMs = 15_000
const pauseMs = 10
const latest = -1n
const [consumer, replica] = [-1, -2]
const probeValue = Buffer.from('cutover-probe')

/**
 * Shuts the topic for appends, in the brokers themselves. When it returns, every leader refuses them, and what it had
 * taken before is acknowledged: the ends of the partitions stand still.
 */
export async function fence(wire: Wire, topic: Topic): Promise<void> {
  await changeSetting(wire, topic.name, fenceSetting, shut)
  await untilEach(wire, topic, 'does not refuse appends', partition => isShut(wire, topic, partition))
  await untilEach(wire, topic, 'does not come to rest', async partition => {
    const [acknowledged, written] = await Promise.all([
      offsetsOf(wire, topic.name, [partition], latest, consumer),
      offsetsOf(wire, topic.name, [partition], latest, replica),
    ])
    return acknowledged.has(partition) && acknowledged.get(partition) === written.get(partition)
  })
}

/** Opens it again with what it said before it was shut. */
export async function lift(wire: Wire, topic: Topic, setting: string | null): Promise<void> {
  await changeSetting(wire, topic.name, fenceSetting, setting)
  await untilEach(wire, topic, 'still refuses appends', async partition => !(await isShut(wire, topic, partition)))
}

async function untilEach(wire: Wire, topic: Topic, trouble: string, is: (partition: number) => Promise<boolean>): Promise<void> {
  const until = Date.now() + fenceMs
  for (let partition = 0; partition < topic.partitions; partition++) {
    for (;;) {
      const yes = await is(partition).catch(() => {
        wire.forget(topic.name)
        return false
      })
      if (yes) break
      if (Date.now() >= until)
        throw new Error(`topic "${topic.name}" partition ${partition} ${trouble} within ${fenceMs / 1000} s; try again`)
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }
}

/**
 * Asks the leader by an append that it can never take, because a byte of it is wrong. The length is looked at before
 * that, so the refusal tells which of the two it was.
 */
async function isShut(wire: Wire, topic: Topic, partition: number): Promise<boolean> {
  const leader = (await wire.leaders(topic.name)).get(partition)?.broker
  if (leader === undefined) throw new Error('no leader')
  const probe = (): Writer => {
    const record = { topic: topic.name, partition, key: Buffer.alloc(0), value: probeValue, headers: new Map<Buffer, Buffer>() }
    const request = produceV9.createRequest(leaderAck, requestMs, [record]).buffer
    const place = request.indexOf(probeValue)
    request[place] = (request[place] ?? 0) ^ 1
    return Writer.create().append(request)
  }
  const ask = (connection: Connection): Promise<unknown> =>
    new Promise((resolve, reject) => {
      connection.send(produceKey, produceVersion, probe, produceV9.parseResponse, true, true, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      )
    })
  try {
    await wire.on(leader, ask)
  } catch (error) {
    if (answeredWith(error, errorCodes.messageTooLarge)) return true
    if (answeredWith(error, errorCodes.corruptMessage)) return false
    throw error
  }
  throw new Error('a broker has taken a record that it must not take')
}
