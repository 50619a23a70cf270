import type { Columns } from 'cutover/columns/access'
import type { Tx } from 'cutover/database'
import { titleColumns } from '../../contracts/title-columns.ts'

/** The titles of tasks that statements show. */
export const title = titleColumns('task', 'task_id')

/** Keeps titles; one that is there stays: a task is created once. */
export async function keepTitles(
  tx: Tx,
  titles: Columns,
  tasks: readonly { readonly id: string; readonly title: string }[],
): Promise<void> {
  if (tasks.length === 0) return
  const values = tasks.map(task => titles.values(task.title))
  const lists = Array.from({ length: titles.count }, (_, at) => values.map(row => row[at] ?? null))
  await tx.query(
    `insert into task (task_id, ${titles.written}) select * from unnest($1::text[], ${lists.map((_, at) => `$${at + 2}::text[]`).join(', ')}) as t
      order by 1 on conflict do nothing`,
    [tasks.map(task => task.id), ...lists],
  )
}
