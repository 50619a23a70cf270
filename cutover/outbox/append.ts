import type { Message } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { epochBehind } from '../switch/epoch.ts'
import { isDirect, isForNobody, type NewFact, noPosition } from './fact.ts'
import type { OutboxStore } from './store.ts'

/** The switch has moved since the facts were built: nothing was appended. Reload, build again. */
export class StaleSwitch extends Error {
  override readonly name = 'StaleSwitch'
}

/**
 * Appends `facts` in their order and resolves with their messages, positions included; throws when it could not append
 * them all under `epoch`. Those that nobody is to be told are not appended, but that too is decided under the epoch:
 * otherwise a transaction that began before a link is produced could commit state that no reader ever hears of. Direct
 * ones are not appended either, and are answered with all the same: the caller publishes them once they are committed.
 */
export async function append(
  store: OutboxStore,
  tx: Tx,
  epoch: number,
  facts: readonly NewFact[],
  traceparent: string | null,
): Promise<readonly Message[]> {
  if (facts.length === 0) return []
  const told = facts.filter(fact => !isForNobody(fact))
  const kept = told.filter(fact => !isDirect(fact))
  if (kept.length === 0) await requireEpoch(store, tx, epoch)
  const appended = kept.length === 0 ? [] : await store.append(tx, epoch, kept, traceparent)
  if (appended.length !== kept.length) await refuse(store, tx, epoch, kept)
  const positions = new Map(appended.map(one => [one.factId, one.position]))
  const positionOf = (fact: NewFact): string => (isDirect(fact) ? noPosition : (positions.get(fact.factId) ?? missing(fact.factId)))
  return told.map(fact => {
    const { publish: _, ...message } = fact
    return { ...message, traceparent, position: positionOf(fact) }
  })
}

async function requireEpoch(store: OutboxStore, tx: Tx, epoch: number): Promise<void> {
  const now = await store.epoch(tx)
  // An epoch never falls: a database that stands below what this very process has read from it was restored beneath it.
  const seen = Math.max(now.seen, epoch)
  if (now.epoch < seen) throw epochBehind(now.epoch, seen)
  if (now.epoch !== epoch) throw new StaleSwitch(`built under epoch ${epoch}, the switch stands at ${now.epoch}`)
}

async function refuse(store: OutboxStore, tx: Tx, epoch: number, facts: readonly NewFact[]): Promise<never> {
  await requireEpoch(store, tx, epoch)
  const versions = [...new Set(facts.map(fact => `${fact.event} v${fact.version}`))].join(', ')
  throw new Problem('version_unregistered', {
    detail: `one of ${versions} is not registered in this service's database; register it before it is produced`,
  })
}

const missing = (factId: string): never => {
  throw new Error(`fact ${factId} was appended but not returned`)
}
