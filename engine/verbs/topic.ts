import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import { condition, thing } from '../plan/state.ts'
import { holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'

/** Opens the topic of the link's event. It is never made by writing to it. */
export const openTopic = ({ id, event }: LinkContract): Verb => ({
  name: 'topic',
  does: said('topic', { event }),
  asks: said('topic_gate', { event }),
  touches: [`link ${id}`, `event ${event}`],
  requires: [],
  effects: { [thing.topic(event)]: 'open' },
  async look(world) {
    const { state } = await world.topic(event)
    return state === 'open' ? said('topic_now_done', { event }) : said('topic_now', { event, state })
  },
  prepare: async world => ({ was: (await world.topic(event)).state }),
  apply: world => world.topicTo(event, 'open'),
  async settled(world) {
    const { state } = await world.topic(event)
    return state === 'open' ? passed() : holds(said('topic_waits', { event, state }))
  },
  inverse: {
    does: said('topic_inverse', { event }),
    rehearse: async () => null,
    async apply(world, memo) {
      if (memo['was'] === 'absent') await world.topicTo(event, 'drop')
      // Its records are not ours to drop: somebody has put them there.
      if (memo['was'] === 'quarantined') await world.topicTo(event, 'quarantine')
    },
    settled: async () => passed(),
  },
})

/**
 * Hides the topic, records and all. Whoever still appends to it or reads it is refused, and named. A topic that another
 * link still needs stays as it is, and the step says so.
 */
export const quarantineTopic = (link: LinkContract): Verb => {
  const { id, event } = link
  return {
    name: 'quarantine topic',
    does: said('quarantine_topic', { event }),
    asks: said('quarantine_topic_gate', { event }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [condition(thing.producer(id), 'none'), condition(thing.consumer(id), 'none'), condition(thing.drained(id, 'event'), 'yes')],
    effects: { [thing.topic(event)]: 'quarantined' },
    async look(world) {
      const user = await otherUser(world, link)
      if (user !== null) return said('topic_kept', { event, link: user })
      const { state } = await world.topic(event)
      return state === 'open' ? said('quarantine_topic_now', { event }) : said('quarantine_topic_now_done', { event, state })
    },
    async apply(world) {
      if ((await otherUser(world, link)) === null) await world.topicTo(event, 'quarantine')
    },
    async settled(world) {
      const user = await otherUser(world, link)
      if (user !== null) return passed([shown('kept', 1)])
      const { state } = await world.topic(event)
      return state === 'open' ? holds(said('quarantine_topic_waits', { event })) : passed()
    },
    inverse: {
      does: said('quarantine_topic_inverse', { event }),
      rehearse: async () => null,
      apply: async world => ((await world.topic(event)).state === 'quarantined' ? world.topicTo(event, 'restore') : undefined),
      async settled(world) {
        const { state } = await world.topic(event)
        return state === 'open' ? passed() : holds(said('topic_waits', { event, state }))
      },
    },
  }
}

/** Drops the topic that was in quarantine, and retires its name. That nobody has reached for it is looked at again here. */
export const dropTopic = (link: LinkContract): Verb => {
  const { id, event } = link
  return {
    name: 'drop topic',
    does: said('drop_topic', { event }),
    asks: said('drop_topic_gate', { event }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [condition(thing.topic(event), 'quarantined'), condition(thing.quiet(id), 'yes')],
    effects: { [thing.topic(event)]: 'absent' },
    async look(world) {
      const user = await otherUser(world, link)
      if (user !== null) return said('topic_kept', { event, link: user })
      const { state } = await world.topic(event)
      return state === 'absent' ? said('drop_topic_now_done', { event }) : said('drop_topic_now', { event })
    },
    async apply(world) {
      if ((await otherUser(world, link)) !== null) return
      const { state, touches } = await world.topic(event)
      const [touch] = touches
      if (state === 'quarantined' && touch !== undefined) {
        throw new Problem('service_refused', {
          detail: `${touch.who} has reached for the topic of ${event} in quarantine (${touch.what}, ${touch.count} times): mend that, go back, and apply it again. Nothing was dropped`,
        })
      }
      // One that was opened again meanwhile is another link's.
      if (state === 'quarantined') await world.topicTo(event, 'drop')
    },
    async settled(world) {
      if ((await otherUser(world, link)) !== null) return passed([shown('kept', 1)])
      const { state } = await world.topic(event)
      return state === 'quarantined' ? holds(said('drop_topic_waits', { event })) : passed()
    },
    inverse: { noReturn: said('drop_topic_no_return', { event }) },
  }
}

/** Another link that carries the same event and is not done with it, or null. Who does not answer may be. */
async function otherUser(world: World, { id, event }: LinkContract): Promise<string | null> {
  for (const other of world.links().filter(one => one.event === event && one.id !== id)) {
    const { route, shadow } = await world.switchOf(other.id)
    if (route === 'event' || shadow) return other.id
    const all = await world.instances(other.to)
    if (all.some(one => one.capabilities.some(able => able === `act:${other.id}` || able === `record:${other.id}`))) return other.id
  }
  return null
}
