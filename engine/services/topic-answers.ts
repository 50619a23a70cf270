import type { TopicBounds, TopicRow, TopicState } from '../api/topics.ts'
import { amount, list, number, object, orNull, text, wrong } from './fields.ts'

/** What a service reports of one of its topics. */
export type TopicReport = Pick<TopicRow, 'event' | 'topic' | 'id' | 'partitions' | 'since' | 'touches' | 'bounds'> & {
  readonly state: TopicState
}

const states: readonly TopicState[] = ['open', 'quarantined', 'retired', 'absent']
const offset = (value: unknown, place: string): string =>
  typeof value === 'string' && /^\d{1,19}$/.test(value) ? value : wrong(place, 'an offset', value)

/** `GET /operator/topics` */
export const readTopics = (answer: unknown): readonly TopicReport[] =>
  list(object(answer, 'topics').topics, 'topics/topics').map((item, at) => {
    const place = `topics/topics/${at}`
    const row = object(item, place)
    return {
      event: text(row.event, `${place}/event`),
      topic: text(row.topic, `${place}/topic`),
      state: states.find(one => one === row.state) ?? wrong(`${place}/state`, states.join(' or '), row.state),
      id: orNull(row.id, value => text(value, `${place}/id`)),
      partitions: orNull(row.partitions, value => amount(value, `${place}/partitions`)),
      since: orNull(row.since, value => text(value, `${place}/since`)),
      touches: number(row.touches, `${place}/touches`),
      bounds: list(row.bounds, `${place}/bounds`).map((one, index) => readBounds(one, `${place}/bounds/${index}`)),
    }
  })

function readBounds(value: unknown, place: string): TopicBounds {
  const row = object(value, place)
  return {
    partition: amount(row.partition, `${place}/partition`),
    start: offset(row.start, `${place}/start`),
    end: offset(row.end, `${place}/end`),
  }
}
