import type { ReadMismatch } from '../api/plan.ts'
import type { Reading, ReadParity, Telling, TopicStand, Touch } from '../plan/world.ts'
import { list, number, object, orNull, text, texts } from './fields.ts'

// What services answer about data links, topics and series.

/** `GET /operator/readings/{link}` */
export function readReading(answer: unknown): Reading {
  const row = object(answer, 'reading')
  const copy = object(row.copy, 'reading/copy')
  const [answers, state] = [text(row.answers, 'reading/answers'), text(copy.state, 'reading/copy/state')]
  return {
    answers: answers as Reading['answers'],
    compares: row.compares === true,
    epoch: number(row.epoch, 'reading/epoch'),
    copy: {
      state: state as Reading['copy']['state'],
      rows: number(copy.rows, 'reading/copy/rows'),
      quietMs: orNull(copy.quiet_ms, value => number(value, 'reading/copy/quiet_ms')),
      touches: readTouches(copy.touches),
    },
  }
}

const readTouches = (value: unknown): readonly Touch[] =>
  list(value, 'touches').map((item, at) => {
    const touch = object(item, `touches/${at}`)
    return { who: text(touch.who, 'touch/who'), what: text(touch.what, 'touch/what'), count: number(touch.count, 'touch/count') }
  })

/** `GET /operator/series/{link}` */
export const readSeries = (answer: unknown): readonly string[] => [...texts(object(answer, 'series').series, 'series')]

/** `GET /operator/topics/{event}` */
export function readTopic(answer: unknown): TopicStand {
  const row = object(answer, 'topic')
  return {
    state: text(row.state, 'topic/state') as TopicStand['state'],
    quietMs: orNull(row.quiet_ms, value => number(value, 'topic/quiet_ms')),
    touches: readTouches(row.touches),
  }
}

/** `GET /operator/readings/{link}/parity` */
export function readReadParity(answer: unknown): ReadParity {
  const row = object(answer, 'parity')
  const count = (name: string): number => number(row[name], `parity/${name}`)
  return {
    equal: count('equal'),
    stale: count('stale'),
    different: count('different'),
    missing: count('missing'),
    extra: count('extra'),
    failed: count('failed'),
    skipped: count('skipped'),
    inARow: count('in_a_row'),
    lagP50Ms: orNull(row.lag_p50_ms, value => number(value, 'parity/lag_p50_ms')),
    lagP99Ms: orNull(row.lag_p99_ms, value => number(value, 'parity/lag_p99_ms')),
    rate: count('rate'),
  }
}

/** `GET /operator/snapshots/{link}` */
export function readTelling(answer: unknown): Telling {
  const row = object(answer, 'snapshot')
  const state = text(row.state, 'snapshot/state') as Telling['state']
  if (state === 'none') return { state, askedBy: null, total: 0, copied: 0, tookMs: 0, arrived: false }
  return {
    state,
    askedBy: text(row.asked_by, 'snapshot/asked_by'),
    total: number(row.total, 'snapshot/total'),
    copied: number(row.copied, 'snapshot/copied'),
    tookMs: number(row.took_ms, 'snapshot/took_ms'),
    arrived: row.arrived === true,
  }
}

/** `GET /operator/readings/{link}/mismatches` */
export const readMismatches = (answer: unknown): readonly ReadMismatch[] =>
  list(answer, 'mismatches').map((item, at) => {
    const row = object(item, `mismatches/${at}`)
    return {
      key: text(row.key, `mismatches/${at}/key`),
      verdict: text(row.verdict, `mismatches/${at}/verdict`) as ReadMismatch['verdict'],
      columns: [...texts(row.columns, `mismatches/${at}/columns`)],
      lag_ms: orNull(row.lag_ms, value => number(value, `mismatches/${at}/lag_ms`)),
      at: text(row.at, `mismatches/${at}/at`),
    }
  })
