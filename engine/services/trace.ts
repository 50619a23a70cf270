import type { TracePlace, TracePlaceName, TraceReport } from 'cutover/contract/trace'
import { list, object, orNull, text, texts, wrong } from './fields.ts'

const places: readonly TracePlaceName[] = [
  'outbox',
  'carried',
  'retry',
  'receipt',
  'parked',
  'dead',
  'refused',
  'paired',
  'stated',
  'effect',
]

/** `POST /operator/trace` */
export function readTrace(answer: unknown): TraceReport {
  const row = object(answer, 'trace')
  return {
    service: text(row.service, 'trace/service'),
    facts: [...texts(row.facts, 'trace/facts')],
    cut: row.cut === true,
    places: list(row.places, 'trace/places').map((item, at): TracePlace => {
      const one = object(item, `places/${at}`)
      return {
        place: places.find(place => place === one.place) ?? wrong(`places/${at}/place`, places.join(' or '), one.place),
        fact: orNull(one.fact, value => text(value, `places/${at}/fact`)),
        link: orNull(one.link, value => text(value, `places/${at}/link`)),
        at: orNull(one.at, value => text(value, `places/${at}/at`)),
        numbers: object(one.numbers, `places/${at}/numbers`) as TracePlace['numbers'],
      }
    }),
  }
}
