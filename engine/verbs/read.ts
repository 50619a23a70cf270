import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { atLeast, atMost, failed, type Gate, holds, type Memo, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { CopyStand, Reading, ReadParity, World } from '../plan/world.ts'
import { readingsOver } from './copy.ts'
import { refusalOf } from './deployment.ts'

type Answers = Reading['answers']

/** How a reading switch stands, as one word of the abstract state. */
export const standing = ({ answers, compares }: Pick<Reading, 'answers' | 'compares'>): string =>
  compares ? `${answers}, compared` : answers

const before = async (world: World, link: string): Promise<Memo> => {
  const { answers, compares } = await world.reading(link)
  return { answers, compares }
}

const orderOf = (link: string, memo: Memo): Parameters<World['read']>[0] => ({
  link,
  answers: memo['answers'] === 'replica' ? 'replica' : 'http',
  compares: memo['compares'] === true,
})

/**
 * Turns the reading switch, in the reader's database. The other side stays as it is, so the way back is the same switch.
 * The gate waits until no read of the epoch before is in flight, in any instance.
 */
export function readFrom({ id, to: service }: LinkContract, answers: Answers, compares: boolean): Verb {
  const order = { link: id, answers, compares }
  const side = answers === 'http' ? 'http' : 'event'
  return {
    name: 'read from',
    does: said(compares ? `read_${answers}_compared` : `read_${answers}`, { service, link: id }),
    asks: said('read_gate', { service }),
    touches: [`link ${id}`],
    requires:
      answers === 'replica'
        ? [condition(thing.copy(id), 'present'), condition(thing.told(id), 'everything'), condition(thing.parity(id), 'proved')]
        : [condition(thing.endpoint(id), 'served'), condition(thing.calls(id), 'made')],
    effects: { [thing.route(id)]: side, [thing.reading(id)]: standing({ answers, compares }) },
    async look(world) {
      const now = await world.reading(id)
      return said('read_now', { service, standing: standing(now), epoch: now.epoch })
    },
    prepare: world => before(world, id),
    apply: world => world.read(order),
    async settled(world) {
      const now = await world.reading(id)
      const figures = [shown('epoch', now.epoch)]
      if (standing(now) !== standing(order)) return holds(said('read_now', { service, standing: standing(now), epoch: now.epoch }), figures)
      const over = await readingsOver(world, id, service)
      return over === null ? passed(figures) : holds(over, figures)
    },
    inverse: {
      does: said('read_inverse', { service, link: id }),
      rehearse: (world, memo) => refusalOf(() => world.read(orderOf(id, memo), true)),
      apply: (world, memo) => world.read(orderOf(id, memo)),
      async settled(world) {
        const over = await readingsOver(world, id, service)
        return over === null ? passed() : holds(over)
      },
    },
  }
}

export interface ReadEvidence {
  /** Compared reads in a row without a difference. */
  readonly reads: number
}

/**
 * Asks the side that does not answer as well, in the background, and compares; and compares every row of the copy with its
 * original. A copy that is behind and catches up is no difference: how often and by how long is told.
 */
export function compareReads({ id, to: service }: LinkContract, answers: Answers, evidence: ReadEvidence): Verb {
  return {
    name: 'compare reads',
    does: said(`compare_${answers}`, { service, link: id }),
    asks: said('compare_gate', { reads: evidence.reads }),
    touches: [`link ${id}`],
    requires: [
      condition(thing.copy(id), 'present'),
      condition(thing.told(id), 'everything'),
      condition(thing.endpoint(id), 'served'),
      condition(thing.calls(id), 'made'),
    ],
    effects: { [thing.parity(id)]: 'proved', [thing.reading(id)]: standing({ answers, compares: true }) },
    async look(world) {
      const { compares } = await world.reading(id)
      if (!compares) return said('compare_now_off')
      const { equal, stale, different, missing, extra, failed: broken } = await world.readParity(id)
      return said('compare_now', { equal, stale, different: different + missing + extra, failed: broken })
    },
    prepare: world => before(world, id),
    async apply(world) {
      if (standing(await world.reading(id)) === standing({ answers, compares: true })) {
        const { different, missing, extra } = await world.readParity(id)
        // Tried again after a difference: what was found before is no evidence about now.
        if (different + missing + extra > 0) await world.read({ link: id, answers, compares: false })
      }
      await world.read({ link: id, answers, compares: true })
    },
    async settled(world) {
      const reads = judgeReads(id, await world.readParity(id), evidence)
      if (reads.verdict !== 'pass') return reads
      const rows = judgeRows(id, await world.compareCopy(id))
      return { ...rows, figures: [...reads.figures, ...rows.figures] }
    },
    inverse: {
      does: said('compare_inverse', { service }),
      rehearse: (world, memo) => refusalOf(() => world.read(orderOf(id, memo), true)),
      apply: (world, memo) => world.read(orderOf(id, memo)),
      async settled(world) {
        const over = await readingsOver(world, id, service)
        return over === null ? passed() : holds(over)
      },
    },
  }
}

/** Pure. A side that gave no answer is a mismatch as well, but one that passes: the count begins anew after it. */
export function judgeReads(link: string, seen: ReadParity, { reads: wanted }: ReadEvidence): Gate {
  const { different, missing, extra, stale, failed: broken, inARow, rate } = seen
  const wrong = different + missing + extra
  const total = seen.equal + stale + wrong + broken
  const figures = [
    atLeast('reads', inARow, wanted),
    atMost('different', wrong, 0),
    shown('failed', broken),
    shown('stale', stale),
    shown('stale_per_mille', total === 0 ? 0 : Math.round((1_000 * stale) / total)),
    ...(seen.lagP50Ms === null ? [] : [shown('lag_p50', Math.round(seen.lagP50Ms))]),
    ...(seen.lagP99Ms === null ? [] : [shown('lag_p99', Math.round(seen.lagP99Ms))]),
  ]
  if (wrong > 0) return failed(said('compare_differs', { link, different, missing, extra }), figures)
  if (inARow >= wanted) return passed(figures)
  const params = { have: inARow, want: wanted, rate }
  return rate > 0
    ? holds(said('compare_waits', params), figures, Math.ceil(((wanted - inARow) / rate) * 1_000))
    : holds(said('compare_waits_traffic', params), figures)
}

/** Pure. What is on its way is waited for. */
export function judgeRows(link: string, { rows, open, missing, different, extra }: CopyStand): Gate {
  const wrong = missing + different + extra
  const figures = [shown('rows', rows), atMost('rows_different', wrong, 0), shown('rows_open', open)]
  return wrong === 0 ? passed(figures) : failed(said('rows_differ', { link, missing, different, extra }), figures)
}
