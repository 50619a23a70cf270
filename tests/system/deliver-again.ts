import { join } from 'node:path'
import { openPostgresLog } from '../../cutover/broker/postgres/log.ts'
import { toHeaders } from '../../cutover/contract/headers.ts'
import { openSigner } from '../../cutover/http/tokens.ts'
import { type OutboxRow, toMessage } from '../../cutover/outbox/store.ts'
import { openLog } from '../../cutover/process/log.ts'
import { each } from './at-once.ts'
import type { Given, School } from './school.ts'

/** The same facts once more: by both routes at once, and as new facts with the same key. */
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
    })
  } finally {
    await log.close()
  }
  await school.system.settle()
  return null
}
