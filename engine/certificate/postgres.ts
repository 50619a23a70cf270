import type { Database, Tx } from 'cutover/database'
import type { Said } from '../api/plan.ts'
import { appendLine, type HistoryLine } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { numberOf, runId } from '../run/store.ts'
import type { Certificate, Certificates, Subject } from './store.ts'

const columns = `c.link, c.route, c.run, c.epoch, c.issued, c.terminal, c.late, c.issued_at as "issuedAt", c.expires_at as "expiresAt",
  c.revoked_at as "revokedAt", c.revoked_by as "revokedBy", coalesce(r.turned_at > c.refused_at, false) as looked`

const keyOf = ({ link, route, run }: Subject): readonly unknown[] => [link, route, numberOf(run)]

export function openCertificates(database: Database, lease: Lease, now: () => number): Certificates {
  return {
    get: async subject => (await read(database, 'where (c.link, c.route, c.run) = ($1, $2, $3)', keyOf(subject)))[0] ?? null,
    list: link => (link === null ? read(database, '', []) : read(database, 'where c.link = $1', [link])),
    ofRuns: runs => read(database, 'where c.run = any($1::bigint[])', [runs.map(numberOf)]),
    standing: () => read(database, 'where c.revoked_at is null and r.ended is null', []),
    issue: (term, subject, { epoch, issued, terminal, late }, validMs) =>
      database.transaction(async tx => {
        await lease.hold(tx, term)
        // By the clock that judges it.
        const at = now()
        await tx.query(
          `insert into certificate as c (link, route, run, epoch, issued, terminal, late, issued_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           on conflict (link, route, run) do update
             set epoch = excluded.epoch, issued = excluded.issued, terminal = excluded.terminal, late = excluded.late,
                 issued_at = excluded.issued_at, expires_at = excluded.expires_at, revoked_at = null, revoked_by = null,
                 refused_at = null, version = c.version + 1`,
          [...keyOf(subject), epoch, issued, terminal, late, new Date(at), new Date(at + validMs)],
        )
        await line(tx, term, subject, 'certificate issued', { epoch, issued, terminal, late })
        const [certificate] = await read(tx, 'where (c.link, c.route, c.run) = ($1, $2, $3)', keyOf(subject))
        return certificate as Certificate
      }),
    revoke: (term, subject, by) =>
      database.transaction(async tx => {
        await lease.hold(tx, term)
        const { rowCount } = await tx.query(
          `update certificate set revoked_at = now(), revoked_by = $4, version = version + 1
            where (link, route, run) = ($1, $2, $3) and revoked_at is null`,
          [...keyOf(subject), JSON.stringify(by)],
        )
        if (rowCount === 1) await line(tx, term, subject, 'certificate revoked', { by: by.code, ...by.params })
      }),
    refuse: (term, subject) =>
      database.transaction(async tx => {
        await lease.hold(tx, term)
        await tx.query(
          `update certificate set refused_at = clock_timestamp(), version = version + 1 where (link, route, run) = ($1, $2, $3)`,
          keyOf(subject),
        )
      }),
    async version() {
      const { rows } = await database.query<{ version: string }>('select coalesce(sum(version), 0) as version from certificate', [])
      return Number(rows[0]?.version)
    },
  }

  async function line(tx: Tx, term: number, { link, route, run }: Subject, action: string, numbers: HistoryLine['numbers']): Promise<void> {
    await appendLine(tx, { who: 'engine', action, link, run, step: null, term, numbers: { route, ...numbers } }, now())
  }
}

type Row = Record<'run' | 'epoch' | 'issued' | 'terminal' | 'late', string> & { revokedBy: string | null } & Pick<
    Certificate,
    'link' | 'route' | 'issuedAt' | 'expiresAt' | 'revokedAt' | 'looked'
  >

async function read(tx: Tx, where: string, values: readonly unknown[]): Promise<readonly Certificate[]> {
  const { rows } = await tx.query<Row>(
    `select ${columns} from certificate c join run r on r.number = c.run ${where} order by c.issued_at desc, c.link, c.route`,
    values,
  )
  return rows.map(row => ({
    ...row,
    run: runId(Number(row.run)),
    epoch: Number(row.epoch),
    issued: Number(row.issued),
    terminal: Number(row.terminal),
    late: Number(row.late),
    revokedBy: row.revokedBy === null ? null : (JSON.parse(row.revokedBy) as Said),
  }))
}
