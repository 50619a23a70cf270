import { join } from 'node:path'
import { openPostgresLog } from '../../cutover/broker/postgres/log.ts'
import { toHeaders } from '../../cutover/contract/headers.ts'
import { openSigner } from '../../cutover/http/tokens.ts'
import { type OutboxRow, toMessage } from '../../cutover/outbox/store.ts'
import type { Message } from '../../cutover/contract/message.ts'
import { openLog } from '../../cutover/process/log.ts'
import { each } from './at-once.ts'
import type { Given, School } from './school.ts'

/**
 * The same facts once more, by both routes at once; and once with another author, which contradicts what was booked. Those are
 * kept as dead letters, and the letters are replayed.
 */
export async function deliverAgain(
  school: School,
  all: readonly { readonly given: Given; readonly right: boolean }[],
): Promise<string | null> {
  const keys = all.map(({ given, right }) => `Task${right ? 'Completed' : 'Failed'}:${given.task}:${given.candidate}`)
  const rows = await school.rows<OutboxRow>('hiring', 'select * from outbox where business_key = any($1::text[])', [keys])
  if (rows.length !== keys.length) return `${rows.length} facts are kept of ${keys.length}`
  const signer = await openSigner({ issuer: 'hiring', privateKeyFile: join(school.system.home, 'home', 'keys', 'hiring.json') })
  const { databases, processes } = await school.system.status()
  const log = openPostgresLog({
    url: databases['log'] ?? '',
    name: 'test',
    log: openLog({ service: 'test', instance: '1', level: 'fatal' }),
  })
  const url = processes.find(one => one.service === 'bonuses')?.url ?? ''
  const authors = [...new Set(rows.map(authorOf))]
  try {
    await each(rows, 4, async row => {
      const message = toMessage(row, 'hiring')
      const [link, path, topic] =
        row.event === 'TaskCompleted'
          ? (['COMM-040', '/credits', 'task-completed'] as const)
          : (['COMM-050', '/debits', 'task-failed'] as const)
      const token = await signer.token({ audience: 'bonuses', link })
      const headers = { ...toHeaders(message), 'cutover-link': link, 'idempotency-key': `"${row.fact_id}"` }
      const byHttp = (): Promise<Response> =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { ...headers, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: row.bytes,
        })
      const record = { key: row.order_key, value: row.bytes, headers: toHeaders(message) }
      await Promise.all([byHttp(), byHttp(), log.append(`hiring.${topic}`, [record, record])])
      const other = contradiction(row, link, authors.find(one => one !== authorOf(row)) ?? '')
      await log.append(`hiring.${topic}`, [{ key: row.order_key, value: other.bytes, headers: toHeaders(other) }])
    })
  } finally {
    await log.close()
  }
  await school.system.settle()
  if (!(await school.until(async () => (await school.system.deadLetters()) >= rows.length)))
    return `${await school.system.deadLetters()} of ${rows.length} facts that contradict what was booked are kept for a person`
  for (const _ of ['once', 'and again']) await school.system.replayDeadLetters()
  return null
}

const authorOf = ({ bytes }: OutboxRow): string => (JSON.parse(bytes) as { payload: { creator_id: string } }).payload.creator_id

/** The same fact as somebody would have it who got its author wrong. */
function contradiction(row: OutboxRow, link: string, author: string): Message {
  const { payload, meta } = JSON.parse(row.bytes) as { payload: object; meta: object }
  const bytes = JSON.stringify({ payload: { ...payload, creator_id: author }, meta })
  return { ...toMessage(row, 'hiring'), stamps: { [link]: { route: 'event', epoch: row.stamps[link]?.epoch ?? 1 } }, bytes }
}
