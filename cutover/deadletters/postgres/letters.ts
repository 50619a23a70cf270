import type { Database, Tx } from '../../database/database.ts'
import { storable } from '../../database/storable.ts'
import { outboxColumns } from '../../outbox/postgres.ts'
import { type DeadLetterStore, type Edit, type Group, groupsMax, type HistoryLine, type Letter, type Selection } from '../store.ts'

type Row = Omit<Letter, 'edit'> & { edit: (Omit<Edit, 'bytes' | 'at'> & { bytes: string; at: string }) | null }

/** `edit` says which edit counts, `d` is the letter. */
const lettersSql = (edit: string): string => `
  select d.id, d.side, d.link, d.fact_id, d.code, d.error, d.attempts, d.bytes, d.headers, d.origin, d.state, d.created_at, d.last_failed_at,
         d.event, d.version, d.fingerprint, d.cause, d.job, held.held, edit.edit
    from dead_letter d
    left join lateral (
      select to_jsonb(o) || jsonb_build_object('position', o.position::text, 'revision', o.revision::text) as held from (
        select ${outboxColumns} from outbox where d.side = 'relay' and position = case when d.side = 'relay' then d.origin::bigint end
         union all
        select ${outboxColumns} from outbox_carried where d.side = 'relay' and link = d.link and position = case when d.side = 'relay' then d.origin::bigint end
         limit 1) as o) as held on true
    left join lateral (
      select json_build_object('id', e.id::text, 'author', e.author, 'reason', e.reason, 'at', e.at, 'patch', e.patch, 'bytes', encode(e.bytes, 'base64'),
                               'headers', e.headers, 'touches', e.touches) as edit
        from dead_letter_edit e where ${edit}) as edit on true`
const latest = 'e.letter = d.id order by e.id desc limit 1'

export const toLetter = ({ edit, ...row }: Row): Letter => ({
  ...row,
  edit: edit === null ? null : { ...edit, at: new Date(edit.at), bytes: Buffer.from(edit.bytes, 'base64') },
})

/** The same as `lettersSql`, with the edit that a job was ordered with; `i` is the item. */
export const itemsSql = lettersSql('e.id = i.edit')

/** `$n` to `$n + 2`; what is null does not matter. */
export const chosenSql = (n: number): string =>
  `($${n}::bigint[] is null or d.id = any($${n})) and ($${n + 1}::text is null or d.link = $${n + 1}) and ($${n + 2}::text is null or d.fingerprint = $${n + 2})`
export const chosenBy = ({ ids, link, cause }: Selection): readonly unknown[] => [ids ?? null, link ?? null, cause ?? null]

type LetterOperations = 'undescribed' | 'describe' | 'groups' | 'totals' | 'page' | 'letter' | 'history' | 'addEdit' | 'close' | 'reopen'

export const letterOperations = (database: Database): Pick<DeadLetterStore, LetterOperations> => ({
  async undescribed(limit) {
    const { rows } = await database.query<Row>(`${lettersSql('false')} where d.fingerprint is null order by d.id limit $1`, [limit])
    return rows.map(toLetter)
  },
  async describe(letters) {
    await database.query(
      // Not one that has failed anew since it was read: it may belong elsewhere.
      `update dead_letter d set event = n.event, version = n.version, fingerprint = n.fingerprint, cause = n.cause
         from unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[]) as n(id, attempts, event, version, fingerprint, cause)
        where d.id = n.id and d.attempts = n.attempts and d.fingerprint is null`,
      [
        letters.map(({ letter }) => letter.id),
        letters.map(({ letter }) => letter.attempts),
        letters.map(({ description }) => description.event),
        letters.map(({ description }) => description.version),
        letters.map(({ description }) => description.fingerprint),
        letters.map(({ description }) => storable(description.cause)),
      ],
    )
  },
  async groups() {
    const { rows } = await database.query<Group>(
      `select side, link, event, version, code, fingerprint, min(cause) as cause,
              count(*) filter (where state = 'open')::int as open, count(*) filter (where state = 'replaying')::int as replaying,
              min(created_at) as first_at, max(last_failed_at) as last_at, min(id)::text as sample
         from dead_letter where state in ('open', 'replaying') and fingerprint is not null
        group by side, link, event, version, code, fingerprint order by count(*) desc, min(id) limit ${groupsMax}`,
      [],
    )
    return rows
  },
  async totals() {
    const { rows } = await database.query<{ state: string; count: number }>(
      'select state, count(*)::int as count from dead_letter group by state',
      [],
    )
    return { open: 0, replaying: 0, resolved: 0, written_off: 0, ...Object.fromEntries(rows.map(row => [row.state, row.count])) }
  },
  async page(selection, states, after, limit) {
    const { rows } = await database.query<Row>(
      `${lettersSql(latest)} where d.id > $1 and d.state = any($2::text[]) and ${chosenSql(4)} order by d.id limit $3`,
      [after, states, limit, ...chosenBy(selection)],
    )
    return rows.map(toLetter)
  },
  async letter(id, tx) {
    if (tx !== undefined) await tx.query('select from dead_letter where id = $1 for update', [id])
    const { rows } = await (tx ?? database).query<Row>(`${lettersSql(latest)} where d.id = $1`, [id])
    return rows[0] === undefined ? undefined : toLetter(rows[0])
  },
  async history(letter) {
    const { rows } = await database.query<HistoryLine>(
      `select created_at as at, 'failed' as what, null as who, null as approver, null as job, code as outcome, null as detail from dead_letter where id = $1
        union all
       select at, 'edited', author, null, null, null, reason from dead_letter_edit where letter = $1
        union all
       select coalesce(i.at, j.asked_at), j.kind, j.who, j.approver, j.id::text, i.outcome, coalesce(i.detail, j.reason)
         from dead_letter_item i join dead_letter_job j on j.id = i.job where i.letter = $1
        order by at limit 500`,
      [letter],
    )
    return rows
  },
  async addEdit(tx, letter, { author, reason, patch, bytes, headers, touches }) {
    await tx.query(
      'insert into dead_letter_edit (letter, author, reason, patch, bytes, headers, touches) values ($1, $2, $3, $4, $5, $6, $7)',
      [letter, author, storable(reason), patch, Buffer.from(bytes), headers, touches],
    )
  },
  close: (tx, letter, state) => free(tx, letter, `state = $2`, [state]),
  reopen: (tx, letter, { code, detail }) =>
    // Its group may be another one now.
    free(
      tx,
      letter,
      `state = 'open', attempts = attempts + 1, code = $2, error = $3, fingerprint = null, last_failed_at = clock_timestamp()`,
      [code, storable(detail)],
    ),
})

/** What ends the claim that a job has on a letter. */
async function free(tx: Tx, { id }: Letter, set: string, values: readonly unknown[]): Promise<void> {
  await tx.query(`update dead_letter set job = null, ${set} where id = $1`, [id, ...values])
}
