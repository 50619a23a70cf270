import type { Delivery, LinkContract, Route } from '../contract/contract.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { fullJitter } from '../failure/backoff.ts'
import type { Clock, Random } from '../process/clock.ts'
import { epochBehind } from './epoch.ts'
import type { Stand, Standing, SwitchState, SwitchStore } from './store.ts'

export interface Flip {
  readonly link: string
  readonly route: Route
  /** Per cent of the business keys that the route carries from now on; all of them, unless said otherwise. */
  readonly share?: number
  readonly shadow?: boolean
  /** The engine's fencing number: a lower one than the database has seen is refused. */
  readonly term: number
  /** Does everything, with the lock and all checks, and takes it back. */
  readonly dryRun?: boolean
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

export interface Flipped {
  /** The epoch from now on: no fact of an older one can appear any more. */
  readonly epoch: number
  readonly changed: boolean
  readonly share: number
  readonly shadow: boolean
  /** How it stood before. */
  readonly from: Stand & { readonly epoch: number }
}

/** Throws when the link must not be moved like this now. Runs in the transaction of the flip, when nothing is stated any more. */
export type Permit = (
  tx: Tx,
  change: { readonly link: string; readonly from: Route; readonly to: Route; readonly share: number; readonly shadow: boolean },
) => Promise<void>

/** Carries the result out of a transaction that shall leave nothing. */
class Rehearsed extends Error {
  override readonly name = 'Rehearsed'
  readonly result: unknown
  constructor(result: unknown) {
    super('this was a rehearsal')
    this.result = result
  }
}

/**
 * Moves a switch. When it resolves, every transaction under the old epoch has ended, so no fact with the old stamp can
 * appear any more. Waits briefly for the exclusive lock and tries again, so that business transactions are never held
 * up for longer than the lock's time-out. Repeating a flip changes nothing.
 */
export async function flip(
  store: SwitchStore,
  request: Flip,
  clock: Clock,
  random: Random,
  permit: Permit = async () => undefined,
): Promise<Flipped> {
  return untilFree(request.link, () => alone(store, request, tx => flipOnce(store, tx, request, permit)), clock, random)
}

export interface Redelivery {
  readonly link: string
  readonly delivery: Delivery
  readonly term: number
  /** Does everything, with the lock and all checks, and takes it back. */
  readonly dryRun?: boolean
}

export interface Redelivered {
  readonly epoch: number
  readonly changed: boolean
  readonly from: Delivery
  readonly route: Route
}

/**
 * Changes how the facts of a link leave for the log, as a flip of its own: when it resolves, no transaction that states
 * them the old way is open. Repeating it changes nothing.
 */
export function redeliver(store: SwitchStore, request: Redelivery, clock: Clock, random: Random): Promise<Redelivered> {
  return untilFree(request.link, () => alone(store, request, tx => redeliverOnce(store, tx, request)), clock, random)
}

async function redeliverOnce(store: SwitchStore, tx: Tx, { link, delivery, term }: Redelivery): Promise<Redelivered> {
  const before = await standingOf(store, tx, link)
  await underTerm(store, tx, term)
  if (before.epoch < before.seen) throw epochBehind(before.epoch, before.seen)
  const { route, share, shadow, delivery: from } = before
  if (from === delivery) return { epoch: before.epoch, changed: false, from, route }
  const epoch = before.epoch + 1
  await store.move(tx, { link, route, share, shadow, delivery, epoch })
  return { epoch, changed: true, from, route }
}

/** Tries until nobody else has the switch any more. */
async function untilFree<Result>(what: string, change: () => Promise<Result | 'busy'>, clock: Clock, random: Random): Promise<Result> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const changed = await change()
    if (changed !== 'busy') return changed
    await clock.sleep(fullJitter(attempt, { firstMs: 10, maxMs: 200 }, random))
  }
  throw new Problem('switch_busy', {
    detail: `${what} could not be switched: transactions held the switch for longer than ${lockTimeoutMs} ms in each of ${attemptsMax} attempts. Nothing was changed; try again.`,
    retryable: true,
  })
}

async function alone<Result>(
  store: SwitchStore,
  { dryRun }: { readonly dryRun?: boolean },
  change: (tx: Tx) => Promise<Result>,
): Promise<Result | 'busy'> {
  try {
    const changed = await store.alone(lockTimeoutMs, async tx => {
      const result = await change(tx)
      if (dryRun === true) throw new Rehearsed(result)
      return result
    })
    return changed === 'busy' ? changed : changed.done
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as Result
    throw error
  }
}

async function flipOnce(store: SwitchStore, tx: Tx, { link, route, share = 100, term, ...wanted }: Flip, permit: Permit): Promise<Flipped> {
  const { route: standing, ...before } = await standingOf(store, tx, link)
  await underTerm(store, tx, term)
  // A flip would give the epochs of the time that was lost to other facts, one by one.
  if (before.epoch < before.seen) throw epochBehind(before.epoch, before.seen)
  const from = { route: standing, share: before.share, shadow: before.shadow, epoch: before.epoch }
  const shadow = wanted.shadow ?? from.shadow
  if (from.route === route && from.share === share && from.shadow === shadow)
    return { epoch: from.epoch, changed: false, share, shadow, from }
  await permit(tx, { link, from: from.route, to: route, share, shadow })
  const epoch = from.epoch + 1
  await store.move(tx, { link, route, share, shadow, epoch })
  return { epoch, changed: true, share, shadow, from }
}

async function standingOf(store: SwitchStore, tx: Tx, link: string): Promise<Standing & { readonly route: Route }> {
  const { route, ...standing } = await store.standing(tx, link)
  if (route !== null) return { ...standing, route }
  throw new Problem('link_unknown', {
    detail: `this service does not decide the route of ${link}; ask the service that sends it`,
  })
}

/** In which version an event is told from now on. */
export interface VersionFlip {
  readonly event: string
  readonly version: number
  readonly term: number
  readonly dryRun?: boolean
}

export interface VersionFlipped {
  readonly epoch: number
  readonly changed: boolean
  readonly from: number
}

/**
 * Moves the version in which an event is told, for all links that carry it. When it resolves, every transaction that could
 * still tell it in the old one has ended. Repeating it changes nothing. `permit` may refuse, in the same transaction.
 */
export async function flipVersion(
  store: SwitchStore,
  { event, version, term, dryRun = false }: VersionFlip,
  clock: Clock,
  random: Random,
  permit: (tx: Tx) => Promise<void> = async () => undefined,
): Promise<VersionFlipped> {
  const once = (): Promise<VersionFlipped | 'busy'> =>
    alone(store, { dryRun }, async tx => {
      const { epoch, seen } = await store.standing(tx, null)
      await underTerm(store, tx, term)
      if (epoch < seen) throw epochBehind(epoch, seen)
      const from = await store.version(tx, event)
      if (from === version) return { epoch, changed: false, from }
      await permit(tx)
      await store.moveVersion(tx, { event, version, epoch: epoch + 1 })
      return { epoch: epoch + 1, changed: true, from }
    })
  return untilFree(event, once, clock, random)
}

/**
 * Raises the epoch after a restore, for all links at once: what they say now they say anew. Like a flip, it answers when
 * every transaction under the old epoch has ended. Repeating it changes nothing.
 */
export async function raiseEpoch(
  store: SwitchStore,
  { atLeast, term }: { readonly atLeast: number; readonly term: number },
  clock: Clock,
  random: Random,
): Promise<{ epoch: number; changed: boolean }> {
  const raise = async (): Promise<{ epoch: number; changed: boolean } | 'busy'> => {
    const raised = await store.alone(lockTimeoutMs, async tx => {
      const { epoch, seen } = await store.standing(tx, null)
      await underTerm(store, tx, term)
      // The epoch that was seen belongs itself to facts of the time that was lost.
      if (epoch < seen && atLeast <= seen) throw epochBehind(epoch, seen)
      if (epoch >= atLeast) return { epoch, changed: false }
      await store.raiseEpoch(tx, atLeast)
      return { epoch: atLeast, changed: true }
    })
    return raised === 'busy' ? raised : raised.done
  }
  return untilFree('the epoch', raise, clock, random)
}

/** For the transaction of any change that an engine orders: refuses a lower term than was ever seen, and remembers a higher one. */
export async function underTerm(store: SwitchStore, tx: Tx, term: number): Promise<void> {
  if (await store.raise(tx, term)) return
  throw new Problem('term_stale', {
    detail: `term ${term} is older than ${await store.term()}, which this database has seen: another engine took over`,
  })
}
