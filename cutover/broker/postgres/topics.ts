import type { Database, Tx } from '../../database/database.ts'
import type { PartitionBounds, Topic } from '../broker.ts'
import { retireTopic } from './hiding.ts'

const partitionsMax = 64
const nameMax = 200
/** Records that one statement deletes, so that none runs into the statement time-out. */
const deleteBatch = 20_000

export async function findTopic(tx: Tx, name: string): Promise<Topic | undefined> {
  const { rows } = await tx.query<Topic>('select id, name, partitions from topic where name = $1 and hidden is null', [name])
  return rows[0]
}

export async function listTopics(tx: Tx): Promise<readonly Topic[]> {
  const { rows } = await tx.query<Topic>('select id, name, partitions from topic where hidden is null order by name', [])
  return rows
}

/** Makes the topic with its partitions, unless one of that name is there, hidden ones included; a retired one gives way if `revived`. */
export async function createTopic(database: Database, name: string, partitions: number, revived: boolean): Promise<void> {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    throw new RangeError(`topic "${name}": ${partitions} partitions were asked for; it must be a whole number from 1 to ${partitionsMax}`)
  }
  if (name === '' || name.length > nameMax) throw new RangeError(`the name of a topic has 1 to ${nameMax} characters, not ${name.length}`)
  await database.transaction(async tx => {
    if (revived) await tx.query(`delete from topic where name = $1 and hidden = 'retired'`, [name])
    const { rows } = await tx.query<{ id: string }>(
      'insert into topic (name, partitions) values ($1, $2) on conflict (name) do nothing returning id',
      [name, partitions],
    )
    if (rows[0] === undefined) return
    await tx.query('insert into topic_partition (topic_id, partition) select $1, p from generate_series(0, $2::int - 1) as p', [
      rows[0].id,
      partitions,
    ])
  })
}

/** Retires the topic at once, then deletes its records. What an interruption leaves of those belongs to nobody and goes with its time. */
export async function deleteTopic(database: Database, topic: Topic): Promise<void> {
  for (const id of await retireTopic(database, topic)) {
    let deleted = deleteBatch
    while (deleted === deleteBatch) {
      const { rowCount } = await database.query(
        `delete from record using (select "offset" from record where partition_id = $1 order by "offset" limit ${deleteBatch}) old
          where record.partition_id = $1 and record."offset" = old."offset"`,
        [id],
      )
      deleted = rowCount
    }
  }
}

/** The bounds of its partitions; undefined when the topic is not there under its id any more. */
export async function topicBounds(tx: Tx, topic: Topic): Promise<readonly PartitionBounds[] | undefined> {
  const { rows } = await tx.query<{ partition: number; start: string; end: string }>(
    'select partition, start_offset as start, next_offset as "end" from topic_partition where topic_id = $1 order by partition',
    [topic.id],
  )
  if (rows.length === 0) return undefined
  return rows.map(row => ({ partition: row.partition, start: BigInt(row.start), end: BigInt(row.end) }))
}
