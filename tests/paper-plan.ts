import type { GateView, PlanView, RunStepView, RunView, Said, StepState, StepView } from '@cutover/engine/api/plan'

/** A plan and its runs as the engine would send them, for tests of those who show them. */
const said = (code: string, params: Said['params'] = {}): Said => ({ code, params })

interface Row {
  readonly step: string
  readonly verb: string
  readonly title: string
  readonly why?: string
  readonly does: Said
  readonly now: Said
  readonly gate: Said
  readonly inverse?: Said
  readonly noReturn?: Said
}

const link = 'COMM-040'
const event = { event: 'TaskCompleted', version: 0 }
const noReturn = said('retire_no_return', { link, to: 'http', route: 'http' })

const deploy = (code: string, service: string, capability: string): Pick<Row, 'verb' | 'does' | 'now' | 'gate' | 'inverse'> => ({
  verb: 'deploy',
  does: said(code, { service, link }),
  now: said('deploy_now', { missing: 2, instances: 2, service, capability }),
  gate: said('deploy_gate', { service, capability }),
  inverse: said('deploy_inverse', { service, capability }),
})

const retire = (code: string, service: string, capability: string): Omit<Row, 'step' | 'title'> => ({
  verb: 'retire',
  does: said(code, { service, link }),
  now: said('retire_now', { having: 2, instances: 2, service, capability }),
  gate: said('retire_gate', { service, capability }),
  noReturn,
})

const rows: readonly Row[] = [
  {
    step: '1',
    verb: 'register',
    title: 'Register TaskCompleted',
    does: said('register', event),
    now: said('register_now', event),
    gate: said('register_gate', { services: 'hiring, bonuses', ...event }),
    inverse: said('register_inverse', event),
  },
  { step: '2', title: 'Give bonuses an empty consumer', ...deploy('deploy_record', 'bonuses', 'record:COMM-040') },
  {
    step: '3',
    verb: 'produce',
    title: 'Let hiring produce TaskCompleted, beside the HTTP call',
    does: said('produce', { service: 'hiring', link, ...event }),
    now: said('produce_now', { service: 'hiring', link, ...event }),
    gate: said('produce_gate', { service: 'bonuses' }),
    inverse: said('produce_inverse', { service: 'hiring', ...event }),
  },
  {
    step: '4',
    verb: 'parity',
    title: 'Check that all of it works: compare the effects',
    does: said('parity'),
    now: said('parity_now_off'),
    gate: said('parity_gate', { pairs: 500, coverage: 99 }),
  },
  {
    step: '4a',
    title: 'Move the business logic into the consumer',
    why: 'The written procedure moves the logic and the route in one step, which two services can never do at once.',
    ...deploy('deploy_act', 'bonuses', 'act:COMM-040'),
  },
  {
    step: '5',
    verb: 'route',
    title: 'Switch the old way off: events carry the link',
    does: said('route', { service: 'hiring', route: 'event', link }),
    now: said('route_now', { link, from: 'http', epoch: 3 }),
    gate: said('route_gate', { service: 'hiring' }),
    inverse: said('route_inverse', { link, route: 'http' }),
  },
  {
    step: '5a',
    verb: 'drained',
    title: 'Wait until every HTTP call of before has arrived',
    why: 'The written procedure does not say when the old way is empty.',
    does: said('drained', { route: 'http', link }),
    now: said('drained_now_later', { link, route: 'http' }),
    gate: said('drained_gate', { route: 'http', link }),
  },
  { step: '6', title: 'Clean up: take the old way out of the system', ...retire('retire_call', 'hiring', 'call:COMM-040') },
  { step: '6', title: 'Clean up: take the old way out of the system', ...retire('retire_serve', 'bonuses', 'serve:COMM-040') },
]

const both = (en: string): StepView['title'] => ({ en, ru: en })

export const aPlan = (changes: Partial<PlanView> = {}): PlanView => ({
  plan: 'COMM-040',
  link,
  from: 'http',
  to: 'event',
  title: both('COMM-040, a right answer is credited: from HTTP to TaskCompleted'),
  procedure: 'Procedure 3. Business link, HTTP to event',
  hash: '3f2a9c41d0',
  steps: rows.map(({ title, why, inverse, noReturn, ...row }) => ({
    ...row,
    added: why !== undefined,
    title: both(title),
    why: why === undefined ? null : both(why),
    inverse: inverse ?? null,
    no_return: noReturn ?? null,
  })),
  refusals: [],
  run: null,
  ...changes,
})

export const began = Date.parse('2026-01-31T09:30:00.000Z')
const at = (second: number): string => new Date(began + second * 1_000).toISOString()

export const aGate = (changes: Partial<GateView> = {}): GateView => ({
  verdict: 'not_enough_evidence',
  figures: [
    { name: 'figure_pairs', value: 312, wanted: 500, rule: 'at_least' },
    { name: 'figure_coverage', value: 100, wanted: 99, rule: 'at_least' },
    { name: 'figure_different', value: 0, wanted: 0, rule: 'at_most' },
    { name: 'figure_late', value: 3, wanted: null, rule: null },
  ],
  waits_for: said('parity_waits', { have: 312, want: 500, rate: 24 }),
  eta_ms: 8_000,
  way_back: 'open',
  at: at(9),
  ...changes,
})

interface RunOptions extends Partial<RunView> {
  /** How many verbs are done, each in two seconds. */
  readonly done?: number
  /** What the next one does. */
  readonly open?: { readonly state: StepState; readonly gate?: GateView }
}

/** A run of that plan, so far along. */
export function aRun({ done = 0, open, ...changes }: RunOptions = {}): RunView {
  const steps = rows.map(({ step, verb, title, why, does, gate, inverse, noReturn }, index): RunStepView => {
    const isOpen = index === done && open !== undefined
    return {
      step,
      verb,
      does,
      added: why !== undefined,
      title: both(title),
      why: why === undefined ? null : both(why),
      gate_asks: gate,
      inverse: inverse ?? null,
      no_return: noReturn ?? null,
      state: index < done ? 'done' : isOpen ? open.state : 'pending',
      gate: isOpen ? (open.gate ?? null) : null,
      attempts: index < done || isOpen ? 1 : 0,
      started_at: index < done || isOpen ? at(index * 2) : null,
      ended_at: index < done ? at(index * 2 + 2) : null,
    }
  })
  return {
    run: 'R-7',
    plan: 'COMM-040',
    link,
    from: 'http',
    to: 'event',
    title: both('COMM-040, a right answer is credited: from HTTP to TaskCompleted'),
    hash: '3f2a9c41d0',
    heading: 'forward',
    state: 'running',
    who: 'operator',
    started_at: at(0),
    ended_at: null,
    waits_for: open?.gate?.waits_for ?? null,
    eta_ms: null,
    until: null,
    can: ['pause', 'revert'],
    steps,
    ...changes,
  }
}

/** The steps that can be undone. */
export const undoable = rows.findIndex(row => row.noReturn !== undefined)

export const finished = (changes: RunOptions = {}): RunView =>
  aRun({ done: undoable, state: 'finished', ended_at: at(38), can: ['revert', 'complete'], ...changes })

/** Every step that was done is undone. */
export const reverted = (changes: RunOptions = {}): RunView => {
  const run = aRun({ done: undoable, heading: 'back', state: 'reverted', ended_at: at(51), can: [], ...changes })
  return { ...run, steps: run.steps.map(row => (row.state === 'done' ? { ...row, state: 'reverted' as const } : row)) }
}
