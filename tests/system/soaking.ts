// A long run of the whole system: links move by their plans and back, over and over, while something dies or stands still.
import type { CertificateRow, VerifyReport } from '@cutover/engine/api'
import type { FaultRequest } from '@cutover/sandbox/api'
import { otherWay, type Move } from './journey.ts'
import { pause, type System } from './system.ts'

/** What is done to the system at once; it is over when the longest pause of it is. */
export interface Strike {
  readonly name: string
  readonly faults: (system: System) => readonly FaultRequest[] | Promise<readonly FaultRequest[]>
}

export interface SoakOptions {
  readonly moves: readonly Move[]
  readonly strikes: readonly Strike[]
  readonly forMs: number
  /** From the begin of one fault to that of the next; longer when the system takes longer to come back. */
  readonly everyMs: number
  readonly chance: () => number
  readonly told: (line: string) => void
}

export interface SoakReport {
  readonly tookMs: number
  /** How often each fault was done. */
  readonly faults: Readonly<Record<string, number>>
  readonly applied: number
  readonly reverted: number
  readonly facts: number
  readonly effects: number
  /** Stated and not arrived at the end, when nothing is under way any more. */
  readonly open: number
  readonly lost: number
  readonly doubled: number
  /** Effects with another content than their fact demands, on business links. */
  readonly different: number
  /** Certificates of drained that something has spoken against. */
  readonly falselyDrained: number
  /** Rows of copies that are not their owners', and epochs of switches that were seen to fall. */
  readonly stateGoneBack: number
  /** From the end of a fault until all that was struck is ready and ten more answers were given. */
  readonly recoveryMs: Readonly<Record<string, readonly number[]>>
  /** All that was wrong, in words; empty when all is well. */
  readonly wrong: readonly string[]
}

/** Ten answers are no chance: the people are served again. */
const answersAgain = 10
/** Whoever is not back by then is not coming back. */
const recoveryMaxMs = 180_000
const linksEveryMs = 1_000

/** Runs until the time is over, takes the last moves back, stops the traffic, waits until all has arrived, and counts. Throws nothing that belongs into the report. */
export async function soak(system: System, options: SoakOptions): Promise<SoakReport> {
  const { moves, told } = options
  const began = Date.now()
  const until = began + options.forMs
  const wrong: string[] = []
  const counts = { applied: 0, reverted: 0, fallen: 0 }
  const isOver = (): boolean => Date.now() >= until || wrong.length > 0
  const guarded = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      wrong.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const faults: Record<string, number> = {}
  const recoveryMs: Record<string, number[]> = {}
  let watching = true
  const striking = guarded('faults', () => strikeOn(system, options, isOver, faults, recoveryMs))
  const watched = guarded('epochs', async () => {
    const epochs = new Map<string, number>()
    while (watching) {
      for (const { link, epoch } of await system.links()) {
        if (epoch === null) continue
        if (epoch < (epochs.get(link) ?? 0)) {
          counts.fallen++
          wrong.push(`the epoch of ${link} fell from ${epochs.get(link)} to ${epoch}`)
        }
        epochs.set(link, epoch)
      }
      await pause(linksEveryMs)
    }
  })
  const moving = guarded('moves', async () => {
    while (!isOver()) {
      const runs = await Promise.all(moves.map(async ({ link, to }) => (await system.apply(link, { to })).run))
      // The first ones reach their end, however short the time is.
      const enough = (): boolean => wrong.length > 0 || (counts.applied > 0 && isOver())
      await Promise.all(runs.map(run => settled(system, run, enough)))
      counts.applied += (await Promise.all(runs.map(run => system.run(run)))).filter(({ state }) => state === 'finished').length
      for (const run of runs) await system.order(run, 'revert')
      await Promise.all(runs.map(run => system.reach(run, 'reverted')))
      counts.reverted += runs.length
      const report = await system.verify()
      wrong.push(...faultsIn(report))
      told(`${counts.applied} moves and ${counts.reverted} back; ${sum(report, 'facts')} facts, ${sum(report, 'open')} on their way`)
    }
  })
  await Promise.all([striking, moving])
  watching = false
  await watched
  await system.traffic('stop')
  const report = await system.settle()
  wrong.push(...faultsIn(report))
  const open = sum(report, 'open')
  if (open > 0) wrong.push(`${open} facts have not arrived although nothing is under way`)
  const early = (await system.certificates()).filter(speaksAgainst)
  wrong.push(...early.map(one => `${one.link} was certified as drained of ${one.route} in ${one.run}: ${JSON.stringify(one.revoked_by)}`))
  for (const { link, to } of moves) {
    const route = (await system.links()).find(one => one.link === link)?.route
    if (route !== otherWay({ link, to }).to) wrong.push(`${link} is on ${route} and not back`)
  }
  const copies = new Set((await system.links()).flatMap(one => (one.kind === 'data' ? [one.link] : [])))
  const differentOn = (isCopy: boolean): number =>
    report.links.reduce((all, one) => all + (copies.has(one.link) === isCopy ? one.different : 0), 0)
  return {
    tookMs: Date.now() - began,
    faults,
    applied: counts.applied,
    reverted: counts.reverted,
    facts: sum(report, 'facts'),
    effects: sum(report, 'effects'),
    open,
    lost: sum(report, 'missing'),
    doubled: sum(report, 'double') + sum(report, 'extra') + sum(report, 'repeated'),
    different: differentOn(false),
    falselyDrained: early.length,
    stateGoneBack: differentOn(true) + counts.fallen,
    recoveryMs,
    wrong: [...new Set(wrong)],
  }
}

async function strikeOn(
  system: System,
  { strikes, everyMs, chance, told }: SoakOptions,
  isOver: () => boolean,
  faults: Record<string, number>,
  recoveryMs: Record<string, number[]>,
): Promise<void> {
  // Each comes once before any comes twice.
  let left: Strike[] = []
  while (!isOver()) {
    const next = Date.now() + everyMs
    if (left.length === 0) left = [...strikes]
    const [strike] = left.splice(Math.floor(chance() * left.length), 1)
    if (strike !== undefined) {
      const hits = await strike.faults(system)
      for (const fault of hits) await system.fault(fault)
      faults[strike.name] = (faults[strike.name] ?? 0) + 1
      await pause(1_000 * Math.max(0, ...hits.map(one => (one.kind === 'pause' ? (one.seconds ?? 0) : 0))))
      const ms = await recovered(system, new Set(hits.map(one => one.service)))
      ;(recoveryMs[strike.name] ??= []).push(ms)
      told(`${strike.name}: back after ${(ms / 1_000).toFixed(1)} s`)
    }
    while (Date.now() < next && !isOver()) await pause()
  }
}

/** Whether a certificate was wrong when it was issued. That a run was turned back, and states by the old route again, says nothing against it. */
const speaksAgainst = ({ state, revoked_by: by }: CertificateRow): boolean => state === 'revoked' && by?.code !== 'certificate_more'

/** How long it takes until all that was struck is ready and answers are given again. What plans deploy meanwhile is no part of it. */
async function recovered(system: System, struck: ReadonlySet<string>): Promise<number> {
  const from = Date.now()
  let before: number | undefined
  for (;;) {
    if (Date.now() - from > recoveryMaxMs) throw new Error(`the system is not back after ${recoveryMaxMs / 1_000} s`)
    const ready = async (): Promise<boolean> =>
      (await system.status()).processes.every(one => !struck.has(one.service) || one.state === 'ready')
    if (before === undefined && (await ready())) before = await system.outcomes()
    else if (before !== undefined && (await system.outcomes()) >= before + answersAgain) return Date.now() - from
    await pause()
  }
}

/** Waits until the run is at its end, or it is enough: then it is turned back from wherever it is. */
async function settled(system: System, run: string, enough: () => boolean): Promise<void> {
  while (!enough()) {
    const { state, waits_for: waitsFor } = await system.run(run)
    if (state === 'finished') return
    if (state !== 'running' && state !== 'waiting') throw new Error(`${run} is ${state}: ${JSON.stringify(waitsFor)}`)
    await pause()
  }
}

const sum = (report: VerifyReport, name: 'facts' | 'effects' | 'open' | 'missing' | 'double' | 'extra' | 'repeated'): number =>
  report.links.reduce((all, link) => all + link[name], 0)

function faultsIn(report: VerifyReport): string[] {
  if (report.ok) return []
  const { ledger, checks, links } = report
  return [
    ...links.flatMap(link => link.samples.map(sample => `${link.link}: ${JSON.stringify(sample)}`)),
    ...(ledger === null || ledger.balanced ? [] : [`the ledger does not balance: ${ledger.sum}`]),
    ...checks.flatMap(check => (check.wrong === 0 ? [] : [`${check.service}: ${check.check}: ${check.wrong} wrong`])),
    'verify found a difference',
  ]
}

export function reportText(report: SoakReport): string {
  const { faults, recoveryMs, wrong } = report
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
  const struck = Object.entries(faults).map(([name, count]) => {
    const all = recoveryMs[name] ?? []
    return all.length === 0
      ? `  ${count} x ${name}`
      : `  ${count} x ${name}: back after ${seconds(median(all))} (median), ${seconds(Math.max(...all))} (longest)`
  })
  return [
    `${(report.tookMs / 60_000).toFixed(1)} minutes, ${report.applied} moves to their end, ${report.reverted} turned back`,
    'faults injected, and recovery:',
    ...struck,
    `facts ${report.facts}, effects ${report.effects}, not arrived ${report.open}`,
    `lost ${report.lost}, doubled ${report.doubled}, different ${report.different}, falsely drained ${report.falselyDrained}, state gone back ${report.stateGoneBack}`,
    ...(wrong.length === 0 ? ['nothing is wrong'] : ['WRONG:', ...wrong.map(one => `  ${one}`)]),
  ].join('\n')
}
