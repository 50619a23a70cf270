import type { LinkContract } from 'cutover/contract'
import { condition, onOutbox, thing } from '../plan/state.ts'
import { atLeast, type Gate, holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { refusalOf } from './deployment.ts'
import { draining } from './drained.ts'

/**
 * The owner tells every change of the state as an event, from one epoch on: when the switch has moved, no transaction of
 * any instance can change the state without telling it. Nobody reads the copy yet.
 */
export function produceState(link: LinkContract, version: number): Verb {
  const { id, from: service, event } = link
  const to = { link: id, route: 'event', shadow: false } as const
  const back = { link: id, route: 'http', shadow: false } as const
  return {
    name: 'produce',
    does: said('tell', { service, event, link: id }),
    asks: said('route_gate', { service }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [
      ...onOutbox(link),
      condition(thing.registered(event, version), 'yes'),
      condition(thing.producer(id), 'able'),
      condition(thing.consumer(id), 'act'),
    ],
    effects: { [thing.told(id)]: 'changes', [thing.drained(id, 'event')]: 'no' },
    async look(world) {
      const { route, epoch } = await world.switchOf(id)
      return route === 'event' ? said('tell_now_done', { service, event, epoch }) : said('tell_now', { service, event, link: id })
    },
    apply: world => world.turn(to),
    settled: world => turned(world, id, service, 'event'),
    inverse: {
      does: said('tell_inverse', { service, event }),
      rehearse: world => refusalOf(() => world.turn(back, true)),
      apply: world => world.turn(back),
      // What was told must be kept before what keeps it is taken away.
      settled: world => draining(world, id, 'event'),
    },
  }
}

/**
 * Ends the telling. From here on the copy is out of date: the way back tells every row anew, before anything may be
 * answered from the copy again.
 */
export function stopState({ id, from: service, event }: LinkContract): Verb {
  const to = { link: id, route: 'http', shadow: false } as const
  const back = { link: id, route: 'event', shadow: false } as const
  const askedBy = (world: World): string => `${world.run ?? 'nobody'}:back`
  return {
    name: 'stop producing',
    does: said('untell', { service, event, link: id }),
    asks: said('route_gate', { service }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [condition(thing.reading(id), 'http')],
    effects: { [thing.told(id)]: 'nothing' },
    async look(world) {
      const { route, epoch } = await world.switchOf(id)
      return route === 'http' ? said('untell_now_done', { service, event }) : said('untell_now', { service, event, epoch })
    },
    apply: world => world.turn(to),
    settled: world => turned(world, id, service, 'http'),
    inverse: {
      does: said('untell_inverse', { service, event }),
      rehearse: world => refusalOf(() => world.turn(back, true)),
      async apply(world) {
        await world.turn(back)
        await world.tell(id, 'tell', askedBy(world))
      },
      settled: world => telling(world, id, askedBy(world)),
    },
  }
}

async function turned(world: World, link: string, service: string, wanted: 'http' | 'event'): Promise<Gate> {
  const { route, epoch } = await world.switchOf(link)
  const figures = [shown('epoch', epoch)]
  return route === wanted ? passed(figures) : holds(said('route_waits', { service, link, route }), figures)
}

/**
 * Tells what was there before: each row as the event that it would have been, through the outbox and the same consumer
 * code, page by page. A crash tells no page twice. It gives way to live facts.
 */
export function snapshot({ id, from: service, event }: LinkContract): Verb {
  const askedBy = (world: World): string => world.run ?? 'nobody'
  return {
    name: 'snapshot',
    does: said('snapshot', { service, link: id }),
    asks: said('snapshot_gate'),
    touches: [`link ${id}`, `event ${event}`],
    // Changes first: a row that changes after it was told is told again by its change.
    requires: [condition(thing.told(id), 'changes'), condition(thing.copy(id), 'present')],
    effects: { [thing.told(id)]: 'everything' },
    async look(world) {
      const { state, copied, total } = await world.telling(id)
      return state === 'none' || state === 'cancelled' ? said('snapshot_now') : said('snapshot_now_before', { copied, total })
    },
    apply: world => world.tell(id, 'tell', askedBy(world)),
    settled: world => telling(world, id, askedBy(world)),
    inverse: {
      does: said('snapshot_inverse'),
      rehearse: async () => null,
      apply: world => world.tell(id, 'cancel', askedBy(world)),
      settled: async () => passed(),
    },
  }
}

/** Whether all of what was told for this asker has arrived. */
async function telling(world: World, link: string, askedBy: string): Promise<Gate> {
  const told = await world.telling(link)
  if (told.askedBy !== askedBy) return holds(said('snapshot_waits', { copied: 0, total: told.total }))
  const { copied, total, tookMs, state, arrived } = told
  const figures = [atLeast('told', copied, state === 'done' ? copied : total)]
  if (state === 'done' && arrived) return passed(figures)
  if (state === 'done') return holds(said('snapshot_waits_arrival', { copied }), figures)
  const etaMs = copied > 0 ? Math.ceil((tookMs / copied) * Math.max(0, total - copied)) : null
  return holds(said('snapshot_waits', { copied, total }), figures, etaMs)
}
