import { type Broker, TopicQuarantined, TopicUnknown } from '../broker/broker.ts'
import { type BreakerView, openBreaker } from '../failure/breaker.ts'
import type { Clock, Random } from '../process/clock.ts'

/** The log as a relay appends to it. */
export interface GuardedLog extends Pick<Broker, 'append'> {
  view(): { readonly breaker: BreakerView; readonly trouble: string | null }
}

/** The log is away, or is known to be: nobody's fault, and nothing is counted against any fact. */
export class LogAway extends Error {
  override readonly name = 'LogAway'
}

/** No append takes that long; a log that swallows what it is sent would hold the lane for a quarter of an hour. */
const deadlineMs = 10_000

/**
 * Appends with a breaker: after three failures in a row nothing is sent until a single probe has gone through, so that a
 * log that comes back is not met by every lane at once. Throws `LogAway` for what all facts share; a topic that is hidden
 * or unknown is told as it is, and says that the log is there.
 */
export function guardLog(broker: Pick<Broker, 'append'>, clock: Clock, random: Random): GuardedLog {
  const breaker = openBreaker({ failuresMax: 3, firstMs: 200, maxMs: 10_000 }, clock, random)
  let trouble: string | null = null

  async function late(signal: AbortSignal): Promise<void> {
    await clock.sleep(deadlineMs, signal)
    if (!signal.aborted) throw new Error(`no answer within ${deadlineMs} ms`)
  }

  async function inTime(work: Promise<void>): Promise<void> {
    // What it comes to after its deadline, nobody waits for: appended or not, the facts are appended again.
    work.catch(() => undefined)
    const done = new AbortController()
    await Promise.race([work, late(done.signal)]).finally(() => done.abort())
  }

  return {
    view: () => ({ breaker: breaker.view(), trouble }),
    async append(topic, records) {
      const leave = breaker.enter()
      if (leave === undefined) throw new LogAway(`the log is away (${trouble ?? 'a probe is under way'}); facts wait, no attempt is spent`)
      try {
        await inTime(broker.append(topic, records))
      } catch (error) {
        if (error instanceof TopicUnknown || error instanceof TopicQuarantined) {
          leave.succeeded()
          trouble = null
          throw error
        }
        trouble = error instanceof Error ? error.message : String(error)
        leave.failed()
        throw new LogAway(`the log is away (${trouble}); facts wait, no attempt is spent`, { cause: error })
      }
      leave.succeeded()
      trouble = null
    },
  }
}
