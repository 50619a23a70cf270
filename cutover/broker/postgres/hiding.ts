import type { Database, Tx } from '../../database/database.ts'
import type { HiddenTopic, Topic, Touch } from '../broker.ts'

export async function findHidden(tx: Tx, name: string): Promise<HiddenTopic | undefined> {
  const { rows } = await tx.query<HiddenTopic>(
    'select id, name, partitions, hidden as state, hidden_since as since from topic where name = $1 and hidden is not null',
    [name],
  )
  return rows[0]
}

/** Takes the topic's partitions away; appends that were under way have ended before. Nothing when it is not open any more. */
export async function quarantineTopic(database: Database, topic: Topic): Promise<void> {
  await database.transaction(async tx => {
    if (!(await hide(tx, topic, 'quarantined'))) return
    // Locked in the order in which an append locks them.
    await tx.query('select id from topic_partition where topic_id = $1 order by id for update', [topic.id])
    await tx.query('update topic_partition set topic_id = null, quarantine_of = $1 where topic_id = $1', [topic.id])
  })
}

/** Gives the topic its partitions back. Nothing when it is not in quarantine any more. */
export async function restoreTopic(database: Database, topic: Topic): Promise<void> {
  await database.transaction(async tx => {
    const { rowCount } = await tx.query(`update topic set hidden = null, hidden_since = null where id = $1 and hidden = 'quarantined'`, [
      topic.id,
    ])
    if (rowCount === 0) return
    await tx.query('update topic_partition set topic_id = $1, quarantine_of = null where quarantine_of = $1', [topic.id])
  })
}

/** Leaves of the topic its name. Answers with the ids of the partitions that it had, whose records belong to nobody now. */
export async function retireTopic(database: Database, topic: Topic): Promise<readonly string[]> {
  return database.transaction(async tx => {
    await hide(tx, topic, 'retired')
    const { rows } = await tx.query<{ id: string }>(
      'select id from topic_partition where topic_id = $1 or quarantine_of = $1 order by id for update',
      [topic.id],
    )
    await tx.query('delete from topic_partition where topic_id = $1 or quarantine_of = $1', [topic.id])
    return rows.map(row => row.id)
  })
}

/** Marks the topic; each time that an open one is hidden begins without touches. False when it is hidden like this already. */
async function hide(tx: Tx, topic: Topic, state: HiddenTopic['state']): Promise<boolean> {
  const { rows } = await tx.query<{ hidden: HiddenTopic['state'] | null }>('select hidden from topic where id = $1 for update', [topic.id])
  const before = rows[0]?.hidden
  if (before === undefined || before === state || before === 'retired') return false
  await tx.query('update topic set hidden = $2, hidden_since = clock_timestamp() where id = $1', [topic.id, state])
  if (before === null) await tx.query('delete from topic_touch where topic = $1', [topic.name])
  return true
}

/** Notes, in a statement of its own, that somebody wanted to use a hidden topic. */
export async function noteTouch(database: Database, topic: string, who: string, what: Touch['what']): Promise<void> {
  await database.query(
    `insert into topic_touch (topic, who, what, first_at, last_at, count) values ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)
     on conflict (topic, who, what) do update set last_at = excluded.last_at, count = topic_touch.count + 1`,
    [topic, who, what],
  )
}

export async function listTouches(tx: Tx, topic: string): Promise<readonly Touch[]> {
  const { rows } = await tx.query<Omit<Touch, 'firstAt' | 'lastAt' | 'count'> & { first_at: Date; last_at: Date; count: string }>(
    'select who, what, first_at, last_at, count from topic_touch where topic = $1 order by last_at desc, who, what',
    [topic],
  )
  return rows.map(({ who, what, first_at: firstAt, last_at: lastAt, count }) => ({ who, what, firstAt, lastAt, count: Number(count) }))
}
