import type { Broker } from '../broker/broker.ts'

/** How far one consumer has come: of the partitions that this instance holds, the next offset to read. */
export interface Reading {
  readonly link: string
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly position: string }[]
}

export interface Lag {
  readonly link: string
  readonly records: number
  /** Age of the oldest record that has still to be read, in seconds. */
  readonly seconds: number
}

/**
 * What is left to read, of consumers whose topics are there. A topic that is hidden is not looked into: whoever looked
 * would be noted there. An answer that cannot be had leaves its consumer out, because unknown is not nothing.
 */
export async function lagsOf(broker: Broker, readings: readonly Reading[], nowMs: number): Promise<readonly Lag[]> {
  const lags = await Promise.all(readings.map(reading => lagOf(broker, reading, nowMs).catch(() => undefined)))
  return lags.filter(lag => lag !== undefined)
}

async function lagOf(broker: Broker, { link, topic: name, partitions }: Reading, nowMs: number): Promise<Lag | undefined> {
  const topic = await broker.topic(name)
  if (topic === undefined) return undefined
  const ends = new Map((await broker.bounds(name)).map(({ partition, end }) => [partition, end]))
  const behind = partitions.flatMap(({ partition, position }) => {
    const end = ends.get(partition)
    const offset = BigInt(position)
    return end === undefined || end <= offset ? [] : [{ partition, offset, records: Number(end - offset) }]
  })
  if (behind.length === 0) return { link, records: 0, seconds: 0 }
  // The first of each is enough to tell the age, and more of them do no harm.
  const next = await broker.fetch(topic, behind, behind.length, 0)
  const oldest = Math.min(...next.map(record => record.appendedAt.getTime()))
  return {
    link,
    records: behind.reduce((sum, one) => sum + one.records, 0),
    seconds: Number.isFinite(oldest) ? Math.max(0, (nowMs - oldest) / 1_000) : 0,
  }
}
