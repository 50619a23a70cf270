import { once } from 'node:events'
import { connect } from 'node:net'
import { Admin, metadataV12, produceV9, Writer } from '@platformatic/kafka'
import { pino } from 'pino'
import { test } from 'node:test'
import { freshKafka, skipKafka } from '../../../tests/kafka.ts'
import type { NewRecord, Topic } from '../broker.ts'
import { brokerConformance } from '../conformance.ts'
import type { Subject } from '../conformance/subject.ts'
import { batchesOf } from './append.ts'
import { openKafkaLog } from './log.ts'
import { openWire } from './wire.ts'

const log = pino({ level: 'silent' })
/** Looking again far apart: whoever needs to be woken has to be rung for. */
const pollMs = 600_000

async function subject(): Promise<Subject> {
  const { brokers } = await freshKafka()
  return {
    open: (name = 'test') => openKafkaLog({ brokers, name, log, pollMs }),
    async expire(topic) {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...brokers] })
      // To the end of each partition, as retention does it.
      const partitions = Array.from({ length: topic.partitions }, (_, partition) => ({ partition, offset: -1n }))
      await admin.deleteRecords({ topics: [{ name: topic.name, partitions }] })
      await admin.close()
    },
    dieAppending: (topic, records) => dieAppending(brokers, topic, records),
  }
}

/** The first half of a request to append, and then the connection is gone. */
async function dieAppending(brokers: readonly string[], topic: Topic, records: readonly NewRecord[]): Promise<void> {
  const wire = openWire({ brokers, clientId: 'dies' })
  const leader = (await wire.leaders(topic.name)).get(0)?.broker
  const { brokers: all } = await wire.any(connection => metadataV12.api.async(connection, [], false, false))
  const { host = '', port = 0 } = all.find(one => one.nodeId === leader) ?? {}
  await wire.close()
  const request = Writer.create().appendInt16(0).appendInt16(9).appendInt32(1).appendString('dies', false).appendTaggedFields()
  for (const messages of batchesOf(topic, records)) request.appendFrom(produceV9.createRequest(-1, 1_000, messages as never))
  const bytes = request.prependLength().buffer
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.write(bytes.subarray(0, bytes.length - 20))
  socket.end()
  socket.resume()
  await once(socket, 'close')
}

const skip = await skipKafka()
if (skip === false) brokerConformance('kafka', subject)
else test('kafka: the conformance suite on three real brokers', { skip })
