import type { Broker, NewRecord } from '../broker/broker.ts'
import { toHeaders } from '../contract/headers.ts'
import type { EventContract } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import { toMessage } from '../outbox/store.ts'
import type { LaneWork } from './lane.ts'
import { OutboxReader, type OwnRow, type ReadRun } from './reader.ts'
import type { OutboxSource } from './store.ts'

/** How long an idle lane rests unless it is rung. Polling is the truth, the bell only makes it quick. */
const idleMs = 500
/** How long to wait before reading again while a gap holds rows back. */
const gapMs = 3

/** Publishes the outbox to the log, in position order, reading ahead while a batch is being appended. */
export function eventLane(service: string, source: OutboxSource, log: Pick<Broker, 'append'>, events: readonly EventContract[]): LaneWork {
  const topics = new Map(events.map(event => [event.name, event.topic]))
  return {
    lane: 'event',
    begin(lease) {
      const reader = new OutboxReader(source, lease.position)
      let ahead: Promise<ReadRun> | undefined
      return async () => {
        const run = await (ahead ?? reader.next())
        ahead = undefined
        if (run.rows.length > 0) {
          ahead = reader.next()
          // A failure of the read-ahead is met when it is awaited; a failure of the append must not leave it unhandled.
          ahead.catch(() => undefined)
          await publish(run.rows)
        }
        return { position: run.position, restMs: ahead !== undefined ? 0 : run.blocked ? gapMs : idleMs }
      }
    },
  }

  async function publish(rows: readonly OwnRow[]): Promise<void> {
    const byTopic = Map.groupBy(rows, row => topics.get(row.event) ?? unknownEvent(row.event))
    await Promise.all(
      [...byTopic].map(([topic, own]) =>
        log.append(
          topic,
          own.map(row => toRecord(row, service)),
        ),
      ),
    )
  }
}

/** The record of an outbox row: the same bytes, keyed by its entity. */
export const toRecord = (row: OwnRow, service: string): NewRecord => recordOf(toMessage(row, service))

export const recordOf = (message: Message): NewRecord => ({
  key: message.orderKey,
  value: message.bytes,
  headers: toHeaders(message),
})

const unknownEvent = (event: string): never => {
  throw new Error(`the outbox holds ${event}, which is no event of this service; start the build that knows it`)
}
