import type { Incoming } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Content, Decision, Handler } from '../receive/handler.ts'
import { readMessage } from '../receive/read.ts'
import type { Registry } from '../registry/registry.ts'
import { absentMs, judgePair, type Pair } from './judge.ts'
import { pairsMax, type ParityStore, type Undecided } from './store.ts'

const idleMs = 250
const keepMs = 3 * 24 * 3_600_000
const forgetEveryMs = 60_000

export interface Comparable {
  readonly link: string
  readonly handler: Handler
}

/**
 * Compares, for links that are produced in shadow, what the event would have had done with what HTTP did. Beside
 * everything else: neither route waits for it, and each pair is judged once, by whichever instance takes it.
 */
export async function runComparison(
  options: { store: ParityStore; links: readonly Comparable[]; registry: Registry; clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const { store, links, registry, clock, log } = options
  let forgotAt = 0
  let failures = 0
  while (!signal.aborted) {
    try {
      let most = 0
      for (const one of links) most = Math.max(most, await store.transaction(tx => compareOnce(tx, store, one, registry)))
      if (clock.now() - forgotAt > forgetEveryMs) {
        forgotAt = clock.now()
        await store.forget(keepMs)
      }
      failures = 0
      if (most < pairsMax) await clock.sleep(idleMs, signal)
    } catch (error) {
      failures++
      if (failures === 1) log.warn({ err: error }, 'parity: compared again later')
      await clock.sleep(Math.min(100 * 2 ** failures, 5_000), signal)
    }
  }
}

/** Judges what can be judged now and answers with how many there were to look at. */
export async function compareOnce(tx: Tx, store: ParityStore, { link, handler }: Comparable, registry: Registry): Promise<number> {
  const { effects } = handler
  if (effects === undefined) return 0
  const undecided = await store.undecided(tx, link)
  const overdue = await store.overdue(tx, link, absentMs)
  if (undecided.length + overdue.length === 0) return 0
  const found = await effects.found([...new Set([...undecided, ...overdue].map(one => one.businessKey))], tx)
  const decided = await decideAll(tx, handler, undecided, registry)
  const nowMs = await store.nowMs(tx)
  const judged = undecided.flatMap(one => {
    const { factId, businessKey, acted, actedMs, recordedMs } = one
    const decision = decided.get(factId) as Pair['decision']
    const verdict = judgePair({ acted, actedMs, recordedMs, decision, found: found.get(businessKey) ?? null, nowMs })
    return verdict === null ? [] : [{ factId, ...verdict }]
  })
  const missing = overdue.map(({ factId, businessKey }) => ({
    factId,
    verdict: 'missing' as const,
    byHttp: found.get(businessKey) ?? null,
    byEvent: null,
  }))
  await store.settle(tx, link, [...judged, ...missing])
  return undecided.length
}

/** What the handler would do about the messages that came by event, from their own bytes. */
async function decideAll(
  tx: Tx,
  handler: Handler,
  undecided: readonly Undecided[],
  registry: Registry,
): Promise<ReadonlyMap<string, Pair['decision']>> {
  const decisions = new Map<string, Pair['decision']>()
  const readable: Incoming[] = []
  for (const { factId, message } of undecided) {
    const incoming = 'wrong' in message ? message : readMessage(message, registry)
    if ('wrong' in incoming) decisions.set(factId, { do: 'fail', why: incoming.wrong })
    else if ('is' in incoming) decisions.set(factId, { do: 'fail', why: incoming.is === 'dead' ? incoming.detail : incoming.is })
    else readable.push(incoming)
  }
  if (readable.length === 0) return decisions
  const known = await handler.lookup(readable, tx)
  for (const message of readable) decisions.set(message.factId, shownOf(handler, handler.decide(message, known)))
  return decisions
}

const shownOf = (handler: Handler, decision: Decision<unknown>): Decision<Content> =>
  decision.do === 'apply' ? { do: 'apply', effect: handler.effects?.content(decision.effect) ?? {} } : decision
