import type { LinkContract } from 'cutover/contract'
import type { ParityView } from '../api/plan.ts'
import { condition, thing } from '../plan/state.ts'
import { atLeast, atMost, failed, type Gate, holds, passed, said, shown, type Verb } from '../plan/verb.ts'

export interface Evidence {
  /** Pairs that have to be compared. */
  readonly pairs: number
  /** Per cent of the facts that have to be paired. */
  readonly coverage: number
}

/**
 * Parity of effects: what the event would have done, computed from its own data, against what HTTP did, by business
 * key. It passes on enough pairs of which none differs; a single difference fails it, however many are equal.
 */
export function parity({ id }: LinkContract, evidence: Evidence): Verb {
  return {
    name: 'parity',
    does: said('parity'),
    asks: said('parity_gate', { pairs: evidence.pairs, coverage: evidence.coverage }),
    touches: [`link ${id}`],
    requires: [condition(thing.shadow(id), 'on')],
    effects: { [thing.parity(id)]: 'proved' },
    async look(world) {
      const { since_epoch: since, equal, different, missing, extra, late } = await world.parity(id)
      return since === null ? said('parity_now_off') : said('parity_now', { equal, different, missing, extra, late })
    },
    apply: async () => undefined,
    settled: async world => judge(id, await world.parity(id), evidence),
    inverse: null,
  }
}

/** Pure. Late pairs are equal ones: they are shown, and count. */
export function judge(link: string, seen: ParityView, { pairs: wanted, coverage }: Evidence): Gate {
  const { different, missing, extra, late, rate } = seen
  const pairs = seen.equal + late + different
  // Rounded down: 99.6 of 100 are not all.
  const percent = seen.facts === 0 ? 0 : Math.floor((100 * Math.min(pairs, seen.facts)) / seen.facts)
  const figures = [
    atLeast('pairs', pairs, wanted),
    atLeast('coverage', percent, coverage),
    atMost('different', different, 0),
    atMost('missing', missing, 0),
    atMost('extra', extra, 0),
    shown('late', late),
  ]
  if (different + missing + extra > 0) return failed(said('parity_differs', { link, different, missing, extra }), figures)
  if (pairs < wanted) {
    const params = { have: pairs, want: wanted, rate }
    return rate > 0
      ? holds(said('parity_waits', params), figures, Math.ceil(((wanted - pairs) / rate) * 1_000))
      : holds(said('parity_waits_traffic', params), figures)
  }
  return percent < coverage ? holds(said('parity_waits_coverage', { percent, want: coverage }), figures) : passed(figures)
}
