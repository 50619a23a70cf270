import { type Connection, ConnectionPool, findErrorBy, metadataV12, ResponseError } from '@platformatic/kafka'
import { connectionOptions, type KafkaAddress } from './options.ts'

export type Metadata = Awaited<ReturnType<typeof metadataV12.api.async>>
interface Endpoint {
  readonly host: string
  readonly port: number
}

/** The broker that leads a partition, and since which election: another one that is asked under its epoch refuses, however little it knows. */
export interface Leader {
  readonly broker: number
  readonly epoch: number
}

/** Who leads the partitions of a topic, by partition. */
export type Leaders = ReadonlyMap<number, Leader>

/** Requests to the cluster, each to the broker that has to answer it. */
export interface Wire {
  /** Asks any broker that answers; another one the next time when it does not. */
  any<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<Answer>
  /** Asks the broker of that number, over connections of `pool` if one is given. */
  on<Answer>(broker: number, ask: (connection: Connection) => Promise<Answer>, pool?: ConnectionPool): Promise<Answer>
  /** Asks every broker that is there; those that do not answer are left out. */
  each<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<readonly Answer[]>
  /** What one broker knows of the topics, or of all. */
  metadata(topics: readonly string[] | null): Promise<Metadata>
  /** From what is known already, unless `forget` was called since. */
  leaders(topic: string): Promise<Leaders>
  forget(topic: string): void
  /** Connections of their own, for requests that a broker holds for a while: it answers one after the other on each. */
  pool(): ConnectionPool
  release(pool: ConnectionPool): Promise<void>
  close(): Promise<void>
}

/** Errors of a moment: a leader that has just changed, or has not been found yet. */
const passing = new Set([5, 6, 7, 8, 9, 13, 56, 74, 75, 78])
export const isPassing = (code: number): boolean => passing.has(code)
export const errorCodes = {
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopic: 3,
  messageTooLarge: 10,
  coordinatorLoading: 14,
  invalidTopic: 17,
  topicExists: 36,
  invalidReplication: 38,
  unknownTopicId: 100,
} as const

/** Whether the client says anywhere in the error that the broker answered with that code. */
export const answeredWith = (error: unknown, code: number): boolean =>
  error instanceof Error && findErrorBy(error, 'apiCode', code) !== null

/** What lies at the bottom of an error of the client, which wraps one into another without their words. */
export function reasonOf(error: unknown): string {
  const found = new Set<string>()
  const look = (one: unknown): void => {
    if (one instanceof AggregateError) one.errors.forEach(look)
    else if (one instanceof Error && one.cause instanceof Error) look(one.cause)
    else found.add(one instanceof Error ? one.message : String(one))
  }
  look(error)
  return [...found].slice(0, 3).join('; ')
}

/** The answer, also when parts of it are errors: each of them has a code of its own. */
export async function whole<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked
  } catch (error) {
    const response: unknown = error instanceof ResponseError ? error['response'] : undefined
    if (response === undefined) throw error
    return response as Answer
  }
}

export function openWire({ brokers, clientId }: KafkaAddress): Wire {
  const bootstrap = brokers.map(endpointOf)
  const pools = new Set<ConnectionPool>()
  const own = openPool()
  const known = new Map<number, Endpoint>()
  const leaders = new Map<string, Leaders>()
  /** Moved on by every failure, so that one that hangs is not asked again and again. */
  let turn = 0

  function openPool(): ConnectionPool {
    const pool = new ConnectionPool(clientId, connectionOptions())
    // What fails fails the requests that wait for it; a second word about it must not end the process.
    pool.on('connecting', ({ connection }) => void connection.on('error', () => undefined))
    pools.add(pool)
    return pool
  }

  function endpoints(): readonly Endpoint[] {
    const all = new Map([...known.values(), ...bootstrap].map(one => [`${one.host}:${one.port}`, one]))
    return [...all.values()]
  }

  async function any<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const all = endpoints()
    let failure: unknown
    for (let tried = 0; tried < all.length; tried++) {
      const endpoint = all[turn % all.length] as Endpoint
      try {
        return await ask(await own.get(endpoint))
      } catch (error) {
        failure = error
        if (error instanceof ResponseError) throw error
        turn++
      }
    }
    throw failure
  }

  async function metadata(topics: readonly string[] | null): Promise<Metadata> {
    const answer = await any(connection => whole(metadataV12.api.async(connection, topics === null ? null : [...topics], false, false)))
    for (const { nodeId, host, port } of answer.brokers) known.set(nodeId, { host, port })
    return answer
  }

  async function endpointOn(broker: number): Promise<Endpoint> {
    if (!known.has(broker)) await metadata([])
    const endpoint = known.get(broker)
    if (endpoint === undefined) throw new Error(`Kafka has no broker ${broker} at the moment`)
    return endpoint
  }

  return {
    any,
    metadata,
    async on(broker, ask, pool = own) {
      try {
        return await ask(await pool.get(await endpointOn(broker)))
      } catch (error) {
        // It may be back elsewhere.
        if (!(error instanceof ResponseError)) known.delete(broker)
        throw error
      }
    },
    async each(ask) {
      const { brokers: there } = await metadata([])
      const asked = await Promise.allSettled(there.map(async ({ host, port }) => ask(await own.get({ host, port }))))
      return asked.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    },
    async leaders(topic) {
      const remembered = leaders.get(topic)
      if (remembered !== undefined) return remembered
      const { topics } = await metadata([topic])
      const led = topics[0]?.partitions.filter(one => one.leaderId >= 0) ?? []
      const found = new Map(led.map(one => [one.partitionIndex, { broker: one.leaderId, epoch: one.leaderEpoch }]))
      leaders.set(topic, found)
      return found
    },
    forget: topic => void leaders.delete(topic),
    pool: openPool,
    async release(pool) {
      pools.delete(pool)
      await pool.close()
    },
    async close() {
      await Promise.all([...pools].map(pool => pool.close()))
    },
  }
}

function endpointOf(text: string): Endpoint {
  const { host, port } = /^(?<host>.+):(?<port>\d+)$/.exec(text)?.groups ?? {}
  if (host === undefined || port === undefined) throw new Error(`"${text}" is no address of a Kafka broker; it must be host:port`)
  return { host, port: Number(port) }
}
