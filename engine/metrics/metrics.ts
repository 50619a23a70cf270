import type { Database } from 'cutover/database'
import type { Clock } from 'cutover/process/clock'
import { openGauge } from 'cutover/telemetry/instruments'
import { engineMetrics as names, type Metric, processMetrics } from 'cutover/telemetry/names'
import { openSnapshot } from 'cutover/telemetry/snapshot'
import type { VerifyReport } from '../api/contract.ts'
import type { RunState } from '../api/plan.ts'
import type { Lease } from '../lease/lease.ts'
import { stateOf } from '../run/decide.ts'
import type { Runs, StoredRun, StoredStep } from '../run/store.ts'
import { isClean } from '../verify/verify.ts'

const runStates: readonly RunState[] = ['running', 'waiting', 'paused', 'failed', 'finished', 'reverted', 'completed']
const working = new Set(['applying', 'settling', 'reverting', 'unsettling', 'failed'])

type Metrics = Parameters<typeof openGauge>[0]
type Shown = Parameters<NonNullable<Parameters<typeof openGauge>[2]>>[0]

export interface EngineMetricsOptions {
  readonly metrics: Metrics
  readonly database: Database
  readonly runs: Pick<Runs, 'unfinished'>
  readonly lease: Pick<Lease, 'term'>
  readonly clock: Clock
}

export interface EngineMetrics {
  /** Shows what a verification has found, until the next one. */
  verified(report: VerifyReport): void
}

/** What an engine shows: who acts, how runs, steps and gates stand, and what was verified last. Looked up at a scrape. */
export function openEngineMetrics({ metrics, database, runs, lease, clock }: EngineMetricsOptions): EngineMetrics {
  let last: { readonly at: number; readonly report: VerifyReport } | undefined
  const seen = openSnapshot(async () => {
    const askedMs = clock.now()
    const nowMs = await databaseMs(database)
    const offsetMs = (askedMs + clock.now()) / 2 - nowMs
    return { offsetMs, unfinished: await runs.unfinished(), ended: await endedRuns(database) }
  }, clock)
  type Seen = NonNullable<Awaited<ReturnType<typeof seen>>>

  const show = (metric: Metric, set: (gauge: Shown) => void): unknown => openGauge(metrics, metric, async gauge => set(gauge))
  const fromDatabase = (metric: Metric, set: (found: Seen, gauge: Shown) => void): unknown =>
    openGauge(metrics, metric, async gauge => {
      const found = await seen()
      if (found !== undefined) set(found, gauge)
    })

  show(names.lease, gauge => gauge.set(lease.term() === null ? 0 : 1))
  openGauge(metrics, processMetrics.scrape, async gauge => gauge.set((await seen()) === undefined ? 0 : 1))
  fromDatabase(processMetrics.clock, ({ offsetMs }, gauge) => gauge.set(offsetMs / 1_000))
  fromDatabase(names.runs, ({ unfinished, ended }, gauge) => {
    for (const state of runStates) gauge.set({ state }, ended[state] ?? 0)
    for (const run of unfinished) gauge.inc({ state: stateOf(run, run.steps) })
  })
  fromDatabase(names.step, ({ unfinished }, gauge) => {
    // The steps are many, and done or pending most of them; where a run stands tells the rest.
    for (const { link, steps } of unfinished)
      for (const { step, state } of steps) if (state !== 'pending' && state !== 'done') gauge.set({ link, step, state }, 1)
  })
  fromDatabase(names.gateValue, ({ unfinished }, gauge) => {
    for (const { link, step, name, value } of figuresOf(unfinished)) gauge.set({ link, step, figure: name }, value)
  })
  fromDatabase(names.gateThreshold, ({ unfinished }, gauge) => {
    for (const { link, step, name, wanted } of figuresOf(unfinished)) if (wanted !== null) gauge.set({ link, step, figure: name }, wanted)
  })
  fromDatabase(names.gateHeld, ({ unfinished }, gauge) => {
    for (const run of unfinished) {
      const open = openStep(run)
      if (open === undefined) continue
      const since = open.appliedAt ?? open.startedAt ?? run.turnedAt
      const holds = open.gate !== null && open.gate.verdict !== 'pass'
      gauge.set({ link: run.link, step: open.step }, holds ? Math.max(0, (clock.now() - since.getTime()) / 1_000) : 0)
    }
  })
  show(names.verified, gauge => {
    if (last !== undefined) gauge.set((clock.now() - last.at) / 1_000)
  })
  show(names.mismatches, gauge => {
    for (const verdict of last?.report.links ?? []) {
      const { link, missing, double, different, extra, repeated } = verdict
      // What is not clean for any other reason counts as well: nothing that verify complains of may show as 0.
      gauge.set({ link }, Math.max(missing + double + different + extra + repeated, isClean(verdict) ? 0 : 1))
    }
  })
  show(names.imbalance, gauge => {
    if (last?.report.ledger != null) gauge.set(last.report.ledger.sum)
  })
  show(names.unbalanced, gauge => {
    const ledger = last?.report.ledger
    if (ledger != null) gauge.set(ledger.balanced && ledger.sum === 0 ? 0 : 1)
  })

  return { verified: report => void (last = { at: clock.now(), report }) }
}

/** Where a run stands: the step that is worked on, or that waits before it begins. */
const openStep = (run: StoredRun): StoredStep | undefined =>
  run.steps.find(step => working.has(step.state) || (step.state === 'pending' && step.gate !== null))

const figuresOf = (unfinished: readonly StoredRun[]) =>
  unfinished.flatMap(run => {
    const open = openStep(run)
    return (open?.gate?.figures ?? []).map(figure => ({
      link: run.link,
      step: open?.step ?? '',
      ...figure,
      name: figure.name.replace('figure_', ''),
    }))
  })

async function endedRuns(database: Database): Promise<Readonly<Record<string, number>>> {
  const { rows } = await database.query<{ ended: string; count: number }>(
    'select ended, count(*)::int as count from run where ended is not null group by ended',
    [],
  )
  return Object.fromEntries(rows.map(row => [row.ended, row.count]))
}

async function databaseMs(database: Database): Promise<number> {
  const { rows } = await database.query<{ now: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as now', [])
  return rows[0]?.now ?? Number.NaN
}
