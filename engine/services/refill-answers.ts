import type { DeliveryAnswer, RefillCount, RefillView } from '../api/refill.ts'
import { amount, type Fields, number, object, orNull, text, wrong } from './fields.ts'

// What services answer about how facts leave for the log, and about refills.

const oneOf = <Value extends string>(value: unknown, place: string, values: readonly Value[]): Value => {
  const found = values.find(one => one === value)
  return found ?? wrong(place, values.join(' or '), value)
}

/** `POST /operator/delivery` */
export function readRedelivered(answer: unknown): Omit<DeliveryAnswer, 'term' | 'to' | 'link'> {
  const row = object(answer, 'delivery')
  return {
    from: oneOf(row.from, 'delivery/from', ['outbox', 'direct']),
    epoch: number(row.epoch, 'delivery/epoch'),
    changed: row.changed === true,
    tells_anew: row.tells_anew === true,
    dry_run: row.dry_run === true,
  }
}

/** `POST /operator/refills` with dry_run */
export function readRefillCount(answer: unknown): Omit<RefillCount, 'link' | 'dry_run' | 'direct'> {
  const row = object(answer, 'refill')
  const count = (name: string): number => amount(row[name], `refill/${name}`)
  return { looked: count('looked'), open: count('open'), kept: count('kept'), more: row.more === true }
}

/** `POST /operator/refills`, `GET /operator/refills/{link}` */
export function readRefill(answer: unknown): Omit<RefillView, 'link' | 'direct'> {
  const row = object(answer, 'refill')
  const state = oneOf(row.state, 'refill/state', ['none', 'under_way', 'done'])
  if (state === 'none') return { state, number: 0, asked_by: null, left: 0, looked: 0, sent: 0, began_at: null, ended_at: null }
  const count = (name: string): number => amount(row[name], `refill/${name}`)
  return {
    state,
    number: count('number'),
    asked_by: oneOf(row.asked_by, 'refill/asked_by', ['operator', 'consumer'] as const),
    left: count('left'),
    looked: count('looked'),
    sent: count('sent'),
    began_at: time(row, 'began_at'),
    ended_at: time(row, 'ended_at'),
  }
}

/** How many facts an instance holds in memory for the log: `GET /operator/status`. One of an older build holds none. */
export const readDirectWaiting = (answer: unknown): number =>
  orNull(object(answer, 'status').direct, value => amount(object(value, 'status/direct').waiting, 'status/direct/waiting')) ?? 0

const time = (row: Fields, name: string): string | null => orNull(row[name], value => text(value, `refill/${name}`))
