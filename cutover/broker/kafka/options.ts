import type { BaseOptions, ConnectionOptions, ProducerOptions } from '@platformatic/kafka'

/** Everything that is said to the client and to the cluster is said here, and read back by a test. */

/** Where the cluster is, and who we are there. */
export interface KafkaAddress {
  /** `host:port` of some of its brokers; the others are learnt from them. */
  readonly brokers: readonly string[]
  /** Shows in the brokers' logs and metrics. */
  readonly clientId: string
}

const connectMs = 3_000
/** Longer than a broker takes to answer a question, shorter than one that hangs may hold us up: then another is asked. */
const requestMs = 3_000
/** An append that is not acknowledged in this time by all in-sync replicas has failed, as far as its caller knows. */
const acknowledgeMs = 3_000
/** The broker gives up first, so that its answer is known. */
const appendMs = 4_000
const retryMs = 100

/** How long a broker holds a fetch that finds nothing. */
export const longPollMs = 500

/** Whoever calls us owns retrying; these few bridge a change of leader. Fewer than two would be read as endless by the client. */
const retries = 2

export const connectionOptions = (): ConnectionOptions => ({ connectTimeout: connectMs, requestTimeout: requestMs, maxInflights: 5 })

const baseOptions = ({ brokers, clientId }: KafkaAddress): BaseOptions & ConnectionOptions => ({
  ...connectionOptions(),
  requestTimeout: appendMs,
  clientId,
  bootstrapBrokers: [...brokers],
  timeout: acknowledgeMs,
  retries,
  retryDelay: retryMs,
  metadataMaxAge: 5_000,
  // A straggler must not bring a topic back by writing to it.
  autocreateTopics: false,
})

type Bytes = ProducerOptions<Buffer, Buffer, Buffer, Buffer> & ConnectionOptions

/** For everything that must not be lost: acknowledged by all in-sync replicas, and not doubled by a retry of the client itself. */
export const durableProducer = (address: KafkaAddress): Bytes => ({
  ...baseOptions(address),
  idempotent: true,
  // All in-sync replicas.
  acks: -1,
  // Asks for a new producer; the client would send 0 and 0, which name one.
  producerId: -1n,
  producerEpoch: -1,
})

/** For links that declare that they may lose the last moments: acknowledged by the leader alone, so it cannot be idempotent. */
export const leaderProducer = (address: KafkaAddress): Bytes => ({ ...baseOptions(address), idempotent: false, acks: 1 })

/** Of every topic. */
export const replicas = 3

/** The longest batch that a topic takes. */
export const batchBytesMax = 4 * 1024 * 1024
/** The longest record: what is around it in a batch is less than the rest. */
export const recordBytesMax = batchBytesMax - 64 * 1024
/** What is put into one batch, unless a single record is longer. */
export const batchBytes = 256 * 1024
/** What one fetch takes of one partition, so that all of them have a share; a batch that is longer is fetched alone. */
export const partitionBytes = 512 * 1024

const durable = {
  'min.insync.replicas': '2',
  'unclean.leader.election.enable': 'false',
  // No compaction, which would take records out of the middle.
  'cleanup.policy': 'delete',
  // The broker's clock, so that no client's decides how long a record is kept.
  'message.timestamp.type': 'LogAppendTime',
  'max.message.bytes': String(batchBytesMax),
}

/** A reader that sleeps longer finds a gap, stops, and is refilled from the outbox. As long as the PostgreSQL log keeps records. */
export const topicSettings: Readonly<Record<string, string>> = { ...durable, 'retention.ms': String(48 * 3_600_000) }

/** The topics in which the adapter keeps what Kafka has no place for. */
export const hidingTopic = 'cutover.hidden-topics'
export const touchTopic = 'cutover.topic-touches'
/** One line per quarantine, restoration and deletion: few, and needed for ever. */
export const hidingSettings: Readonly<Record<string, string>> = { ...durable, 'retention.ms': '-1' }
export const touchSettings: Readonly<Record<string, string>> = { ...durable, 'retention.ms': String(30 * 24 * 3_600_000) }
