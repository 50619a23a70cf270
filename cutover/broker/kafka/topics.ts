import {
  ConfigResourceTypes,
  ConfigSources,
  type Connection,
  createTopicsV7,
  deleteTopicsV6,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
  metadataV12,
} from '@platformatic/kafka'
import type { Topic } from '../broker.ts'
import { replicas } from './options.ts'
import { errorCodes, type Metadata, whole, type Wire } from './wire.ts'

const nameRule = /^[A-Za-z0-9._-]{1,200}$/
const partitionsMax = 64
const requestMs = 2_500
const agreeMs = 10_000
const pauseMs = 20

/** The topic as one broker knows it, hidden or not. */
export async function findTopic(wire: Wire, name: string): Promise<Topic | undefined> {
  return nameRule.test(name) ? topicIn(await wire.metadata([name]), name) : undefined
}

export async function listTopics(wire: Wire): Promise<readonly Topic[]> {
  const metadata = await wire.metadata(null)
  return metadata.topics
    .filter(one => !one.isInternal)
    .flatMap(one => topicIn(metadata, one.name ?? '') ?? [])
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function topicIn({ topics }: Metadata, name: string): Topic | undefined {
  const found = topics.find(one => one.name === name)
  // A topic whose leaders are being chosen is there.
  if (found === undefined || found.errorCode === errorCodes.unknownTopic || found.errorCode === errorCodes.invalidTopic) return undefined
  return { id: found.topicId, name, partitions: found.partitions.length }
}

export function checkTopic(name: string, partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    throw new RangeError(`topic "${name}": ${partitions} partitions were asked for; it must be a whole number from 1 to ${partitionsMax}`)
  }
  if (!nameRule.test(name)) throw new RangeError(`the name of a topic has 1 to 200 letters, digits, dots, hyphens and underscores`)
}

/** Makes the topic unless one of that name is there, and waits until every broker knows it. True when it was made by this call. */
export async function createTopic(
  wire: Wire,
  name: string,
  partitions: number,
  settings: Readonly<Record<string, string>>,
): Promise<boolean> {
  const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
  const wanted = { name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs }
  const answer = await wire.any(connection => whole(createTopicsV7.api.async(connection, [wanted], requestMs, false)))
  const { errorCode = 0, errorMessage } = answer.topics[0] ?? {}
  if (errorCode === errorCodes.invalidReplication) {
    throw new Error(
      `topic "${name}" cannot be made: it needs ${replicas} brokers, so that the loss of one loses nothing (${errorMessage ?? ''})`,
    )
  }
  if (errorCode !== 0 && errorCode !== errorCodes.topicExists) {
    throw new Error(`topic "${name}" cannot be made: ${errorMessage ?? `error ${errorCode}`}`)
  }
  wire.forget(name)
  await untilAll(wire, name, ({ topics }) => {
    const seen = topics.find(one => one.name === name)
    return seen?.errorCode === 0 && seen.partitions.every(one => one.leaderId >= 0)
  })
  return errorCode === 0
}

/** The topic of that name as the controller knows it, of which a broker may not have heard yet. */
export async function settledTopic(wire: Wire, name: string): Promise<Topic | undefined> {
  const wanted = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const until = Date.now() + agreeMs
  for (;;) {
    const found = await findTopic(wire, name)
    if (found !== undefined) return found
    // Only asked, not made.
    const answer = await wire.any(connection => whole(createTopicsV7.api.async(connection, [wanted], requestMs, true)))
    if (answer.topics[0]?.errorCode !== errorCodes.topicExists) return undefined
    if (Date.now() >= until) throw new Error(`no Kafka broker tells of topic "${name}" within ${agreeMs / 1000} s, although it is there`)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/** Deletes that topic and no other of its name, and waits until no broker knows it any more. */
export async function deleteTopic(wire: Wire, { id, name }: Topic): Promise<void> {
  const answer = await wire.any(connection => whole(deleteTopicsV6.api.async(connection, [{ name: null, topicId: id }], requestMs)))
  const { errorCode = 0, errorMessage } = answer.responses[0] ?? {}
  if (errorCode !== 0 && errorCode !== errorCodes.unknownTopicId && errorCode !== errorCodes.unknownTopic) {
    throw new Error(`topic "${name}" cannot be deleted: ${errorMessage ?? `error ${errorCode}`}`)
  }
  wire.forget(name)
  await untilAll(wire, name, ({ topics }) => topics.every(one => one.topicId !== id))
}

/** Brokers hear of a change one after the other: what has returned is true for whoever asks any of them. */
async function untilAll(wire: Wire, name: string, is: (metadata: Metadata) => boolean): Promise<void> {
  const until = Date.now() + agreeMs
  const ask = (connection: Connection): Promise<Metadata> => whole(metadataV12.api.async(connection, [name], false, false))
  for (;;) {
    const seen = await wire.each(ask)
    if (seen.length > 0 && seen.every(is)) return
    if (Date.now() >= until) throw new Error(`the Kafka brokers do not agree on topic "${name}" within ${agreeMs / 1000} s`)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/** In what the topic is less durable than what we make; empty when it is not. */
export async function weaknessesOf(wire: Wire, name: string): Promise<readonly string[]> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configurationKeys: null }
  const answer = await wire.any(connection => describeConfigsV4.api.async(connection, [resource], false, false))
  const said = new Map(answer.results[0]?.configs.map(one => [one.name, one.value]))
  const { topics } = await wire.metadata([name])
  const fewest = Math.min(...(topics[0]?.partitions ?? []).map(one => one.replicaNodes.length))
  return [
    ...(fewest < replicas ? [`${fewest} replicas instead of ${replicas}`] : []),
    ...(Number(said.get('min.insync.replicas')) < 2 ? ['min.insync.replicas below 2'] : []),
    ...(said.get('unclean.leader.election.enable') === 'true' ? ['unclean leader election'] : []),
    ...(said.get('cleanup.policy') === 'delete' ? [] : ['compaction']),
  ]
}

/** What the topic itself says about a setting; null when it leaves that to the brokers. */
export async function settingOf(wire: Wire, topic: string, setting: string): Promise<string | null> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [setting] }
  const answer = await wire.any(connection => describeConfigsV4.api.async(connection, [resource], false, false))
  const found = answer.results[0]?.configs.find(one => one.name === setting)
  return found?.configSource === ConfigSources.TOPIC_CONFIG ? (found.value ?? null) : null
}

/** Sets it; null leaves it to the brokers again. */
export async function changeSetting(wire: Wire, topic: string, setting: string, value: string | null): Promise<void> {
  const change =
    value === null
      ? { name: setting, configOperation: IncrementalAlterConfigOperationTypes.DELETE }
      : { name: setting, configOperation: IncrementalAlterConfigOperationTypes.SET, value }
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs: [change] }
  await wire.any(connection => incrementalAlterConfigsV1.api.async(connection, [resource], false))
}
