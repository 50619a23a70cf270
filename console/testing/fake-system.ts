import type { HistoryRow, LinkRow, Route } from '@cutover/engine/api'
import type { ApplyRequest, PairVerdict, ParityPair, ParityView, PlanView, RunVerb, RunView } from '@cutover/engine/api/plan'
import { fakeLinks } from './fake-links.ts'
import { fakePlan } from './fake-plan.ts'
import { type Standing, fakeRun } from './fake-run.ts'

/** A refusal of the fake engine, as a problem document. */
export class FakeProblem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

/** What an engine knows, in memory: nothing moves unless a test says so, or `stepOn` is called. */
export interface FakeSystem {
  readonly links: () => readonly LinkRow[]
  readonly runs: () => readonly RunView[]
  readonly plan: (link: string, to: Route | undefined) => PlanView
  readonly apply: (link: string, request: ApplyRequest) => RunView
  readonly order: (run: string, verb: RunVerb) => RunView
  readonly approve: (run: string, hash: string) => RunView
  readonly history: (run: string | null) => readonly HistoryRow[]
  readonly parity: (link: string) => ParityView
  readonly pairs: (link: string, verdict: PairVerdict | null) => readonly ParityPair[]
  /** Puts facts of a link. */
  readonly setLink: (link: string, facts: Partial<LinkRow>) => void
  /** Puts a run of COMM-040 to event where a test wants it. */
  readonly stand: (standing: Standing, run?: string) => RunView
  /** Every run that moves goes on by a little. */
  readonly stepOn: () => void
  readonly onChange: (listener: () => void) => void
}

const subject = 'COMM-040'

export function createFakeSystem(): FakeSystem {
  let links = fakeLinks()
  const standings = new Map<string, { readonly plan: PlanView; standing: Standing; run: RunView }>()
  const lines: HistoryRow[] = []
  const listeners: (() => void)[] = []
  const changed = (): void => listeners.forEach(listener => listener())
  const find = (link: string): LinkRow => {
    const row = links.find(row => row.link === link)
    if (row === undefined) throw new FakeProblem(404, 'link_unknown', `there is no link "${link}"`)
    return row
  }
  const setLink = (link: string, facts: Partial<LinkRow>): void => {
    links = links.map(row => (row.link === link ? { ...row, ...facts } : row))
    changed()
  }

  function note(run: RunView, action: string, step: string | null = null, numbers: HistoryRow['numbers'] = {}, at?: string | null): void {
    const number = 41 + lines.length
    const hash = Buffer.from(`${number} ${action} ${run.run} ${number * 7919}`)
      .toString('hex')
      .slice(-64)
    const who = action.endsWith('ordered') || action === 'run started' ? 'operator' : 'engine'
    lines.push({ number, at: at ?? new Date().toISOString(), who, action, link: run.link, run: run.run, step, term: 7, numbers, hash })
  }

  function put(id: string, plan: PlanView, standing: Standing): RunView {
    const run = fakeRun(id, plan, find(plan.link), standing, Date.now())
    standings.set(id, { plan, standing, run })
    const gone = run.state === 'reverted' || run.state === 'completed'
    const switched = plan.steps.findIndex(({ verb }) => verb === 'route') < standing.at && run.state !== 'reverted'
    const producing = plan.steps.findIndex(({ verb }) => verb === 'produce')
    setLink(plan.link, {
      run: gone ? null : id,
      route: routeIn(switched ? plan.to : plan.from),
      shadow: !switched && producing !== -1 && standing.at >= producing && run.state !== 'reverted',
    })
    return run
  }

  function get(id: string) {
    const entry = standings.get(id)
    if (entry === undefined) throw new FakeProblem(404, 'run_unknown', `there is no run "${id}"`)
    return entry
  }

  /** The place of the last verb that can be undone. */
  const endOf = (plan: PlanView): number => {
    const border = plan.steps.findIndex(({ no_return }) => no_return !== null)
    return border === -1 ? plan.steps.length - 1 : border - 1
  }

  function advance(id: string): void {
    const { plan, standing, run } = get(id)
    if (run.state !== 'running' && run.state !== 'waiting') return
    const { at, part, heading = 'forward', until } = standing
    const step = plan.steps[at]
    const name = step === undefined ? null : `${step.step} ${step.verb}`
    const quick = step?.verb === 'parity' ? 0.15 : 0.5
    if (part === null) {
      note(run, heading === 'back' ? 'step reverted' : 'step applied', name)
      if (heading === 'back') {
        put(id, plan, at === 0 ? { ...standing, state: 'reverted' } : { ...standing, at: at - 1 })
        if (at === 0) note(run, 'run reverted')
        return
      }
      put(id, plan, { ...standing, part: 0, state: 'waiting' })
      return
    }
    if (part < 1) {
      put(id, plan, { ...standing, part: Math.min(1, part + quick), state: part + quick >= 1 ? 'running' : 'waiting' })
      return
    }
    note(
      run,
      'gate passed',
      name,
      Object.fromEntries((run.steps[at]?.gate?.figures ?? []).map(({ name, value }) => [name.replace('figure_', ''), value])),
    )
    const last = heading === 'complete' ? plan.steps.length - 1 : endOf(plan)
    const next = plan.steps[at + 1]
    if (at >= last) {
      note(run, heading === 'complete' ? 'run completed' : 'run finished')
      put(id, plan, { ...standing, state: heading === 'complete' ? 'completed' : 'finished' })
    } else if (until != null && step?.step === until && next?.step !== until) {
      note(run, 'run paused')
      put(id, plan, { ...standing, state: 'paused' })
    } else {
      put(id, plan, { ...standing, at: at + 1, part: null, state: 'running' })
    }
  }

  function order(id: string, verb: RunVerb): RunView {
    const { plan, standing, run } = get(id)
    if (!run.can.includes(verb))
      throw new FakeProblem(409, 'run_state', `${id} is ${run.state}: it takes ${run.can.join(', ') || 'no order'}`)
    note(run, `${verb} ordered`)
    switch (verb) {
      case 'pause':
        return put(id, plan, { ...standing, state: 'paused' })
      case 'resume':
        return put(id, plan, { ...standing, differing: 0, state: 'running', until: null })
      case 'revert':
        return put(id, plan, { ...standing, heading: 'back', part: null, state: 'running', differing: 0 })
      case 'complete':
        return put(id, plan, { ...standing, heading: 'complete', at: endOf(plan) + 1, part: null, state: 'running' })
    }
  }

  function parity(link: string): ParityView {
    const row = find(link)
    const entry = [...standings.values()].find(({ run }) => run.link === link && run.run === row.run)
    const at = entry?.plan.steps.findIndex(({ verb }) => verb === 'parity') ?? -1
    const part = entry === undefined || entry.standing.at < at ? 0 : entry.standing.at > at ? 1 : (entry.standing.part ?? 0)
    const equal = Math.round(part * 214)
    const different = entry?.standing.differing ?? 0
    return {
      link,
      since_epoch: row.shadow ? 3 : null,
      facts: equal + different + 3,
      equal: equal - different,
      different,
      missing: 0,
      extra: 0,
      late: part > 0.3 ? 1 : 0,
      undecided: 2,
      rate: row.rate ?? 0,
    }
  }

  return {
    links: () => links,
    runs: () => [...standings.values()].map(({ run }) => run).toReversed(),
    plan(link, to) {
      const row = find(link)
      return fakePlan(row, to ?? (row.route === 'http' ? 'event' : 'http'), row.run)
    },
    apply(link, { to, hash, until }) {
      const row = find(link)
      const plan = fakePlan(row, to ?? 'event', row.run)
      if (plan.run !== null) throw new FakeProblem(409, 'link_held', `${plan.run} holds ${link}`)
      if (hash !== undefined && hash !== plan.hash) throw new FakeProblem(409, 'plan_changed', 'the plan is not the one that was shown')
      const id = `R-${7 + standings.size}`
      const run = put(id, plan, { at: 0, part: null, state: 'running', until: until ?? null })
      note(run, 'run started')
      changed()
      return run
    },
    order(run, verb) {
      const answer = order(run, verb)
      changed()
      return answer
    },
    approve(id, hash) {
      const { plan, standing, run } = get(id)
      if (hash !== run.hash) throw new FakeProblem(409, 'plan_stale', 'the plan is not the one that was shown')
      const at = new Date()
      const expires_at = new Date(at.getTime() + 24 * 3_600_000).toISOString()
      const answer = put(id, plan, { ...standing, approval: { wanted: false, by: 'approver', at: at.toISOString(), expires_at } })
      note(answer, 'run approved')
      changed()
      return answer
    },
    history: run => lines.filter(line => run === null || line.run === run).toReversed(),
    parity,
    pairs: (_link, verdict) => pairsOf(verdict),
    setLink,
    stand(standing, id = 'R-7') {
      const run = put(id, fakePlan(find(subject), 'event', null), standing)
      if (!lines.some(line => line.run === id)) tell(run, note)
      changed()
      return run
    },
    stepOn() {
      for (const id of standings.keys()) advance(id)
      changed()
    },
    onChange: listener => void listeners.push(listener),
  }
}

type Note = (run: RunView, action: string, step?: string | null, numbers?: HistoryRow['numbers'], at?: string | null) => void

/** The history that led to where a run was put. */
function tell(run: RunView, note: Note): void {
  note(run, 'run started', null, { steps: run.steps.length }, run.started_at)
  for (const { step, verb, state, gate, applied_at } of run.steps) {
    if (state === 'pending') break
    const name = `${step} ${verb}`
    const numbers = Object.fromEntries((gate?.figures ?? []).map(({ name, value }) => [name.replace('figure_', ''), value]))
    note(run, 'step applied', name, {}, applied_at)
    if (gate?.verdict === 'pass') note(run, 'gate passed', name, numbers, gate.at)
    if (gate?.verdict === 'fail') note(run, 'gate failed', name, numbers, gate.at)
  }
  if (run.state === 'finished' || run.state === 'completed' || run.state === 'paused') note(run, `run ${run.state}`, null, {}, run.ended_at)
}

function pairsOf(verdict: PairVerdict | null): readonly ParityPair[] {
  if (verdict !== 'equal' && verdict !== 'different') return []
  const at = (n: number): string => new Date(Date.now() - 1000 * n).toISOString()
  return Array.from({ length: verdict === 'equal' ? 12 : 2 }, (_, n): ParityPair => {
    const content = { account: `mgr-${(n % 4) + 1}`, amount: 1180 - 20 * n, currency: 'EUR', rating: 59 - n, policy_version: 1 }
    return {
      key: `TaskCompleted:t-${104 + n}:c-${2210 + 7 * n}`,
      fact_id: `019a3b52-7c1${n.toString(16)}-7d40-9b61-5f2c8ae4${(4096 + n).toString(16)}`,
      verdict,
      by_http: content,
      by_event: verdict === 'different' ? { ...content, amount: content.amount - 40, rating: content.rating - 2 } : content,
      acted_at: at(3 + 2 * n),
      recorded_at: at(2.9 + 2 * n),
    }
  })
}

/** The links here move by routes only. */
const routeIn = (end: PlanView['to']): Route | null => (end === 'http' || end === 'event' ? end : null)
