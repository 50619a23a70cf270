import type { Overdue } from '../broker/broker.ts'
import type { Held, OpenGap } from './store.ts'

export interface ConsumerStatus {
  readonly consumer: string
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly position: string
    /** It stops here, because the log lacks what comes next; until its sender has sent again what is not terminal. */
    readonly data_gap?: { readonly wanted: string; readonly start: string; readonly end: string }
  }[]
  /** Partitions with unread records that are past half the time for which the log keeps them. */
  readonly overdue?: readonly Overdue[]
  /** Why it does not move, in words; null while it does. */
  readonly trouble: string | null
  /** Since when it has had trouble without a break, in milliseconds since 1970. */
  readonly sinceMs: number | null
}

/** What is known besides of the partitions that are held. */
export interface Now {
  gaps: readonly OpenGap[]
  overdue: readonly Overdue[]
}

/** How the reader stands, for operators. */
export function statusOf(
  name: Pick<ConsumerStatus, 'consumer' | 'topic'>,
  held: readonly Held[],
  trouble: string | null,
  { gaps, overdue }: Now,
  sinceMs: number | null,
): ConsumerStatus {
  return {
    ...name,
    partitions: held.map(({ partition, position }) => {
      const gap = gaps.find(one => one.partition === partition)
      if (gap === undefined) return { partition, position: position.toString() }
      const { wanted, start, end } = gap
      return {
        partition,
        position: position.toString(),
        data_gap: { wanted: wanted.toString(), start: start.toString(), end: end.toString() },
      }
    }),
    ...(overdue.length === 0 ? {} : { overdue }),
    trouble: gaps.length === 0 ? trouble : `data_gap: the log lacks what ${gaps.length} of its partitions need; it is being sent again`,
    sinceMs,
  }
}
