import type { LinkContract, Route } from '../contract/contract.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { fullJitter } from '../failure/backoff.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { SwitchState, SwitchStore } from './store.ts'

export interface Flip {
  readonly link: string
  readonly route: Route
  readonly shadow?: boolean
  /** The engine's fencing number: a lower one than the database has seen is refused. */
  readonly term: number
}

/** Gives every link that this service decides its starting route. Links that are there keep what they say. */
export function installSwitches(store: SwitchStore, service: string, links: readonly LinkContract[]): Promise<void> {
  return store.install(links.filter(link => link.from === service).map(({ id, start }) => ({ link: id, route: start })))
}

/** The switches as this process last read them. Stale is harmless: the append checks, and `reload` follows. */
export interface SwitchCache {
  current(): SwitchState
  reload(): Promise<SwitchState>
}

export async function openSwitchCache(store: SwitchStore): Promise<SwitchCache> {
  let state = await store.read()
  return {
    current: () => state,
    async reload() {
      const read = await store.read()
      // Two reloads may finish out of order; an epoch never goes back.
      if (read.epoch >= state.epoch) state = read
      return state
    },
  }
}

const attemptsMax = 40
const lockTimeoutMs = 250

/**
 * Moves a switch. When it resolves, every transaction under the old epoch has ended, so no fact with the old stamp can
 * appear any more. Waits briefly for the exclusive lock and tries again, so that business transactions are never held
 * up for longer than the lock's time-out. Repeating a flip changes nothing.
 */
export async function flip(store: SwitchStore, request: Flip, clock: Clock, random: Random): Promise<{ epoch: number; changed: boolean }> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const flipped = await store.alone(lockTimeoutMs, tx => flipOnce(store, tx, request))
    if (flipped !== 'busy') return flipped.done
    await clock.sleep(fullJitter(attempt, { firstMs: 10, maxMs: 200 }, random))
  }
  throw new Problem('switch_busy', {
    detail: `${request.link} could not be switched: transactions held the switch for longer than ${lockTimeoutMs} ms in each of ${attemptsMax} attempts. Nothing was changed; try again.`,
    retryable: true,
  })
}

async function flipOnce(store: SwitchStore, tx: Tx, { link, route, term, ...wanted }: Flip): Promise<{ epoch: number; changed: boolean }> {
  const before = await store.standing(tx, link)
  if (before.route === null) {
    throw new Problem('link_unknown', {
      detail: `this service does not decide the route of ${link}; ask the service that sends it`,
    })
  }
  if (term < before.term) {
    throw new Problem('term_stale', {
      detail: `term ${term} is older than ${before.term}, which this database has seen: another engine took over`,
    })
  }
  const shadow = wanted.shadow ?? before.shadow
  if (before.route === route && before.shadow === shadow) return { epoch: before.epoch, changed: false }
  const epoch = before.epoch + 1
  await store.move(tx, { link, route, shadow, epoch, term })
  return { epoch, changed: true }
}
