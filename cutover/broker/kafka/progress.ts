import { type FetchFrom, OffsetOutOfRange, type Overdue, type TopicIdentity } from '../broker.ts'
import { look } from './records.ts'
import { settingOf } from './topics.ts'
import type { Wire } from './wire.ts'

/** The partitions whose oldest unread record is past half of the time for which the topic keeps records. */
export async function overdueIn(wire: Wire, topic: TopicIdentity, from: readonly FetchFrom[]): Promise<readonly Overdue[]> {
  const keepMs = Number(await settingOf(wire, topic.name, 'retention.ms'))
  // -1 keeps them for ever.
  if (!(keepMs > 0)) return []
  try {
    const records = await look(wire, topic, from, from.length)
    if (records === 'gone') return []
    const oldest = [...Map.groupBy(records, record => record.partition)].map(([partition, own]) => ({
      partition,
      ageMs: Date.now() - (own[0]?.appendedAt.getTime() ?? Date.now()),
      keepMs,
    }))
    return oldest.filter(({ ageMs }) => ageMs > keepMs / 2)
  } catch (error) {
    // What is gone already is told by the next fetch.
    if (error instanceof OffsetOutOfRange) return []
    throw error
  }
}
