import type { Database, Tx } from 'cutover/database'
import type { GateView } from '../api/plan.ts'
import { formatPortions } from '../api/portions.ts'
import { appendLine, type HistoryLine } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { actionsOf, isFinal, touchedBy } from '../plan/plan.ts'
import type { Memo } from '../plan/verb.ts'
import {
  type Approval,
  Held,
  type RunChange,
  runId,
  RunMoved,
  type Runs,
  type StepChange,
  type StoredRun,
  type StoredStep,
} from './store.ts'

export function openRuns(database: Database, lease: Lease, now: () => number): Runs {
  return {
    start: (plan, { from, portions, who, until }) =>
      database.transaction(async tx => {
        // One at a time: who comes second sees what the first has locked.
        await tx.query('select pg_advisory_xact_lock(1129665615, 8)')
        const touched = touchedBy(plan)
        const { rows: held } = await tx.query<{ resource: string; run: string }>(
          'select resource, run from run_lock where resource = any($1::text[]) order by resource limit 1',
          [touched],
        )
        if (held[0] !== undefined) throw new Held(held[0].resource, Number(held[0].run))
        const { rows } = await tx.query<{ number: string }>(
          'insert into run (plan, link, route_from, route_to, portions, hash, who, until) values ($1, $2, $3, $4, $5, $6, $7, $8) returning number',
          [plan.id, plan.id, from, plan.to, portions, plan.hash, who, until],
        )
        const number = Number(rows[0]?.number)
        const actions = actionsOf(plan)
        await tx.query(
          `insert into run_step (run, place, step, verb, final)
           select $1, a.place - 1, a.step, a.verb, a.final
             from unnest($2::text[], $3::text[], $4::bool[]) with ordinality as a(step, verb, final, place)`,
          [number, actions.map(one => one.step.id), actions.map(one => one.verb.name), actions.map(one => isFinal(one.verb))],
        )
        await tx.query('insert into run_lock (resource, run) select resource, $2 from unnest($1::text[]) as r(resource)', [touched, number])
        const numbers = {
          from,
          to: plan.to,
          hash: plan.hash,
          until,
          ...(portions.length === 0 ? {} : { portions: formatPortions(portions) }),
        }
        await line(tx, { who, action: 'run started', link: plan.id, run: runId(number), step: null, numbers })
        return number
      }),
    get: async number => (await read(database, 'where number = $1', [number]))[0] ?? null,
    unfinished: () => read(database, 'where ended is null', []),
    latest: limit => read(database, 'where number > (select coalesce(max(number), 0) from run) - $1', [limit]),
    async holder(resource) {
      const { rows } = await database.query<{ run: string }>('select run from run_lock where resource = $1', [resource])
      return rows[0] === undefined ? null : Number(rows[0].run)
    },
    async version() {
      const { rows } = await database.query<{ version: string }>('select coalesce(sum(version), 0) as version from run', [])
      return Number(rows[0]?.version)
    },
    order: (number, who, change) =>
      database.transaction(async tx => {
        const run = await lock(tx, number)
        const { action, steps = [], ...own } = change(run)
        for (const one of steps) await changeStep(tx, number, one.place, one.change)
        await changeRun(tx, number, own)
        await line(tx, { who, action, link: run.link, run: runId(number), step: null, numbers: {} })
      }),
    approve: (number, who, hours, check) =>
      database.transaction(async tx => {
        const run = await lock(tx, number)
        check(run)
        const { rows } = await tx.query<{ until: Date }>(
          `insert into approval as known (run, who, hash, at, until) values ($1, $2, $3, now(), now() + make_interval(hours => $4))
           on conflict (run, who) do update set hash = excluded.hash, at = excluded.at, until = excluded.until
              where known.until <= now() or known.hash <> excluded.hash
           returning until`,
          [number, who, run.hash, hours],
        )
        if (rows[0] === undefined) return
        await changeRun(tx, number, {})
        const numbers = { hash: run.hash, until: rows[0].until.toISOString() }
        await line(tx, { who, action: 'run approved', link: run.link, run: runId(number), step: null, numbers })
      }),
    write: (run, term, { place, step, run: change = {}, lines }) =>
      database.transaction(async tx => {
        await lease.hold(tx, term)
        const { rows } = await tx.query('select from run where number = $1 and version = $2 for update', [run.number, run.version])
        if (rows.length === 0) throw new RunMoved(`${runId(run.number)} has moved on`)
        if (place !== undefined && step !== undefined) await changeStep(tx, run.number, place, step)
        await changeRun(tx, run.number, change)
        if (change.ended !== undefined) await tx.query('delete from run_lock where run = $1', [run.number])
        const common = { who: 'engine', link: run.link, run: runId(run.number), term }
        for (const one of lines) await appendLine(tx, { ...common, ...one }, now())
      }),
  }

  async function lock(tx: Tx, number: number): Promise<StoredRun> {
    await tx.query('select from run where number = $1 for update', [number])
    const run = (await read(tx, 'where number = $1', [number]))[0]
    if (run === undefined) throw new Error(`there is no run ${number}`)
    return run
  }

  async function line(tx: Tx, own: Omit<HistoryLine, 'term'>): Promise<void> {
    const { rows } = await tx.query<{ term: string }>('select term from engine_lease', [])
    await appendLine(tx, { ...own, term: Number(rows[0]?.term) }, now())
  }
}

const changeStep = (
  tx: Tx,
  run: number,
  place: number,
  { state, memo, gate, attempts, started, applied, ended }: StepChange,
): Promise<unknown> =>
  tx.query(
    `update run_step set state = coalesce($3, state), memo = coalesce($4, memo), gate = case when $5 then $6 else gate end,
            attempts = coalesce($7, attempts), started_at = case when $8 then now() else started_at end,
            applied_at = case when $10 then now() when $8 then null else applied_at end,
            ended_at = case when $9 then now() when $8 then null else ended_at end
      where run = $1 and place = $2`,
    [
      run,
      place,
      state ?? null,
      memo === undefined ? null : JSON.stringify(memo),
      gate !== undefined,
      gate === undefined || gate === null ? null : JSON.stringify(gate),
      attempts ?? null,
      started ?? false,
      ended ?? false,
      applied ?? false,
    ],
  )

const changeRun = (tx: Tx, run: number, { heading, paused, until, ended, completer, turned }: RunChange): Promise<unknown> =>
  tx.query(
    `update run set version = version + 1, heading = coalesce($2, heading), paused = coalesce($3, paused),
            until = case when $4 then $5 else until end, ended = coalesce($6, ended),
            turned_at = case when $7 then now() else turned_at end, completer = coalesce($8, completer)
      where number = $1`,
    [run, heading ?? null, paused ?? null, until !== undefined, until ?? null, ended ?? null, turned ?? false, completer ?? null],
  )

type Row = { number: string; version: string; steps: StepRow[]; approvals: ApprovalRow[] } & Omit<
  StoredRun,
  'number' | 'version' | 'steps' | 'approvals'
>
type ApprovalRow = Omit<Approval, 'at' | 'until'> & { at: string; until: string }
type StepRow = Omit<StoredStep, 'memo' | 'gate' | 'startedAt' | 'appliedAt' | 'endedAt'> & {
  memo: string
  gate: string | null
  startedAt: string | null
  appliedAt: string | null
  endedAt: string | null
}

async function read(tx: Tx, where: string, values: readonly unknown[]): Promise<readonly StoredRun[]> {
  const { rows } = await tx.query<Row>(
    `select number, plan, link, route_from as "from", route_to as "to", portions, hash, who, heading, paused, until, ended,
            started_at as "startedAt", turned_at as "turnedAt", version, completer,
            (select coalesce(json_agg(json_build_object('who', who, 'hash', hash, 'at', at, 'until', until, 'holds', until > now())), '[]')
               from approval where approval.run = run.number) as approvals,
            (select json_agg(json_build_object('place', place, 'step', step, 'verb', verb, 'final', final, 'state', state, 'memo', memo, 'gate', gate,
                      'attempts', attempts, 'startedAt', started_at, 'appliedAt', applied_at, 'endedAt', ended_at) order by place)
               from run_step where run_step.run = run.number) as steps
       from run ${where} order by number`,
    values,
  )
  return rows.map(row => ({
    ...row,
    number: Number(row.number),
    version: Number(row.version),
    approvals: row.approvals.map(one => ({ ...one, at: new Date(one.at), until: new Date(one.until) })),
    steps: row.steps.map(step => ({
      ...step,
      memo: JSON.parse(step.memo) as Memo,
      gate: step.gate === null ? null : (JSON.parse(step.gate) as GateView),
      startedAt: step.startedAt === null ? null : new Date(step.startedAt),
      appliedAt: step.appliedAt === null ? null : new Date(step.appliedAt),
      endedAt: step.endedAt === null ? null : new Date(step.endedAt),
    })),
  }))
}
