import type { Declaration } from '../consumer/store.ts'
import { isAble, versionsAble } from '../contract/capability.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import { isTransient } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { capabilityWait, versionWait } from '../receive/judge.ts'
import { loops } from './loops.ts'
import type { Stores } from './stores.ts'

const beatMs = 2_000
const firstAttemptsMax = 60
const firstRetryMs = 250

/**
 * Says in the service's database that this instance lives and what it can do, before it takes the first request: whoever
 * counts on a capability looks there. What waited for a capability that it has is woken, then and at every beat, because
 * an instance without it may park more at any time.
 */
export function openPresence(options: {
  readonly instance: string
  readonly declaration: () => Declaration
  /** The links that lead here. */
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly stores: Pick<Stores, 'consumer' | 'receive'>
  readonly clock: Clock
  readonly log: Log
}): Running {
  const { instance, declaration, stores, clock, log } = options
  const waits = waitsEndedBy(declaration().capabilities, options.links, options.events)

  async function beat(): Promise<void> {
    await stores.consumer.beat(instance, declaration())
    if (waits.length > 0) await stores.receive.wakeAble(waits)
  }

  const beating = loops('presence', [
    async signal => {
      while (!signal.aborted) {
        await clock.sleep(beatMs, signal)
        if (!signal.aborted) await beat().catch(error => log.debug({ err: error }, 'heartbeat: tried again'))
      }
      await stores.consumer.leave(instance).catch(error => log.debug({ err: error }, 'heartbeat: runs out by itself'))
    },
  ])

  return {
    ...beating,
    async start() {
      for (let attempt = 1; ; attempt++) {
        try {
          await beat()
          break
        } catch (error) {
          if (!isTransient(error) || attempt >= firstAttemptsMax) throw error
          await clock.sleep(firstRetryMs)
        }
      }
      await beating.start()
    },
  }
}

/** What facts wait for that this instance can act on: what came by HTTP it can act on however it gets facts itself. */
export const waitsEndedBy = (
  capabilities: readonly string[],
  links: readonly LinkContract[],
  events: readonly EventContract[] = [],
): readonly string[] => [
  ...links.flatMap(({ id }) => [
    ...(isAble(capabilities, 'act', id) ? [capabilityWait('event', id)] : []),
    ...(isAble(capabilities, 'act', id) || isAble(capabilities, 'serve', id) ? [capabilityWait('http', id)] : []),
  ]),
  ...events
    .filter(event => links.some(link => link.event === event.name))
    .flatMap(event => versionsAble(capabilities, 'handle', event).map(version => versionWait(event.name, version))),
]
