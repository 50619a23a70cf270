import type { RunStepView, StepView } from '@cutover/engine/api/plan'

type AnyStep = StepView | RunStepView

/** A step of the written procedure, or an added one, with the verbs that carry it out. */
export interface Group<Step extends AnyStep> {
  readonly step: string
  readonly verbs: readonly { readonly key: string; readonly view: Step }[]
}

/** Names each verb of a plan in an address: `4-parity`, and `6-retire-2` where a step has the verb a second time. */
export function keysOf(steps: readonly AnyStep[]): readonly string[] {
  const times = new Map<string, number>()
  return steps.map(({ step, verb }) => {
    const name = `${step}-${verb}`.replaceAll(' ', '-')
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    return time === 1 ? name : `${name}-${time}`
  })
}

/** Verbs under their step; a step that is split by another comes twice. */
export function groupsOf<Step extends AnyStep>(steps: readonly Step[]): readonly Group<Step>[] {
  const keys = keysOf(steps)
  const groups: { step: string; verbs: { key: string; view: Step }[] }[] = []
  for (const [n, view] of steps.entries()) {
    const last = groups.at(-1)
    const verb = { key: keys[n] ?? '', view }
    if (last?.step === view.step) last.verbs.push(verb)
    else groups.push({ step: view.step, verbs: [verb] })
  }
  return groups
}

/** Where the point of no return lies: before this verb; -1 where everything can be undone. */
export const noReturnAt = (steps: readonly AnyStep[]): number => steps.findIndex(({ no_return }) => no_return !== null)

/** Steps that wait for a restart of instances. */
export const deployments = (steps: readonly AnyStep[]): number => steps.filter(({ does }) => /^(deploy|retire)_/.test(does.code)).length
