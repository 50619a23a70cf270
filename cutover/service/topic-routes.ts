import { type Broker, TopicQuarantined, TopicUnknown } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock } from '../process/clock.ts'
import { underTerm } from '../switch/switch.ts'
import type { Stores } from './stores.ts'

/** A log that is away is asked again: whoever waits for it goes on when it is there. */
async function ofLog<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof TopicUnknown || error instanceof TopicQuarantined || error instanceof RangeError) throw error
    throw new Problem('unavailable', { detail: 'the log does not do that now; ask again', retryable: true, cause: error })
  }
}

const name = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' } as const
const closed = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

type Change = 'create' | 'open' | 'quarantine' | 'restore' | 'drop'

export interface TopicRoutesOptions {
  readonly service: string
  readonly events: readonly EventContract[]
  readonly broker: Broker
  readonly stores: Stores
  readonly clock: Clock
}

/** The topics of the events that this service states, for the plans that open, hide and drop them. */
export function topicRoutes({ service, events, broker, stores, clock }: TopicRoutesOptions): RouteDefinition[] {
  const operator = { policy: 'operator', tags: ['operator'] } as const

  function eventOf(event: string | undefined): EventContract {
    const own = events.find(one => one.name === event && one.service === service)
    if (own === undefined) throw new Problem('not_found', { detail: `${service} states no event ${event ?? ''}` })
    return own
  }

  async function stand({ topic }: EventContract): Promise<object> {
    const hidden = await broker.hidden(topic)
    if (hidden === undefined) return { state: (await broker.topic(topic)) === undefined ? 'absent' : 'open', quiet_ms: null, touches: [] }
    const touches = await broker.touches(topic)
    const last = Math.max(hidden.since.getTime(), ...touches.map(touch => touch.lastAt.getTime()))
    return {
      state: hidden.state === 'retired' ? 'absent' : 'quarantined',
      // By the clock of this process against the log's: told in seconds, and only waited for.
      quiet_ms: Math.max(0, clock.now() - last),
      touches: touches.map(({ who, what, count }) => ({ who, what, count })),
    }
  }

  /** All that the log tells of it. What is hidden has no bounds to show. */
  async function report({ name: event, topic }: EventContract): Promise<object> {
    const hidden = await broker.hidden(topic)
    const found = hidden ?? (await broker.topic(topic))
    const touches = hidden === undefined ? [] : await broker.touches(topic)
    const bounds = hidden === undefined && found !== undefined ? await broker.bounds(topic) : []
    return {
      event,
      topic,
      state: hidden?.state ?? (found === undefined ? 'absent' : 'open'),
      id: found?.id ?? null,
      partitions: found?.partitions ?? null,
      since: hidden?.since.toISOString() ?? null,
      touches: touches.reduce((sum, touch) => sum + touch.count, 0),
      bounds: bounds.map(({ partition, start, end }) => ({ partition, start: start.toString(), end: end.toString() })),
    }
  }

  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/topics',
      operationId: 'operatorTopics',
      summary: 'The topics of all events that this service states: partitions, id, whether they are hidden, and their bounds.',
      async handle() {
        const own = events.filter(one => one.service === service)
        return { body: { topics: await ofLog(Promise.all(own.map(report))) } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/topics/{event}',
      operationId: 'operatorTopic',
      summary: 'How the topic of an event stands, with whoever reached for it while it was hidden.',
      params: closed({ event: name }),
      handle: async request => ({ body: await ofLog(stand(eventOf(request.params['event']))) }),
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/topics',
      operationId: 'orderTopic',
      repeats: { noKey: 'repeating the order changes nothing' },
      summary:
        'Makes the topic of an event; opens it, on purpose; hides it; takes it out again; or drops it. Repeating it changes nothing.',
      body: closed({
        event: name,
        do: { enum: ['create', 'open', 'quarantine', 'restore', 'drop'] },
        term: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      }),
      async handle(request) {
        const order = request.body as { event: string; do: Change; term: number }
        const event = eventOf(order.event)
        // The log is another database: the term is raised before it is touched, so that who was overtaken comes no further.
        await stores.consumer.transaction(tx => underTerm(stores.switch, tx, order.term))
        const changed = change(event, order.do).catch((error: unknown) => {
          // Dropped already, or never there: there is nothing to hide or drop.
          if (!(error instanceof TopicUnknown) || order.do === 'open' || order.do === 'create') throw error
        })
        await ofLog(changed)
        return { body: await ofLog(stand(event)) }
      },
    },
  ]

  async function change({ topic, partitions }: EventContract, to: Change): Promise<void> {
    // Only where there is none: what was hidden on purpose stays hidden.
    if (to === 'create') await broker.createTopic(topic, partitions)
    else if (to === 'quarantine') await broker.quarantineTopic(topic)
    else if (to === 'restore') await broker.restoreTopic(topic)
    else if (to === 'drop') await broker.deleteTopic(topic)
    else {
      await broker.reviveTopic(topic, partitions).catch(async (error: unknown) => {
        // Left in quarantine by somebody: who opens it means the one that is there.
        if (!(error instanceof TopicQuarantined)) throw error
        await broker.restoreTopic(topic)
      })
    }
  }
}
