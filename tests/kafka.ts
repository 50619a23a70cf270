import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Kafka, startKafka } from '@cutover/sandbox/kafka'
import { lacking } from '@cutover/sandbox/kafka/jars'

export type { Kafka }

/** Why tests on real brokers are skipped on this machine, loudly; false where Java and Maven are. */
export async function skipKafka(): Promise<string | false> {
  const why = await lacking()
  if (why !== null) console.log(`SKIPPED, all tests on real Kafka brokers: ${why}`)
  return why ?? false
}

let started: Promise<Kafka> | undefined

/** Three brokers for the tests of this file, started when they are first wanted and gone at its end. */
export function freshKafka(): Promise<Kafka> {
  started ??= start()
  return started
}

async function start(): Promise<Kafka> {
  return startKafka({ directory: await mkdtemp(join(tmpdir(), 'cutover-kafka-')), temporary: true, log: console.log })
}

after(async () => {
  await (await started?.catch(() => undefined))?.stop()
})
