import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import { judgeRead, type ReadJudgement, type Side } from './judge.ts'
import { type Mismatch, type ReadCounts, type ReadingStore, type ReadVerdict } from './store.ts'

const concurrency = 16
/** Reads that may wait to be compared; beyond it they are counted as skipped. */
const waitingMax = 1_000
const flushMs = 500
/**
 * How long a copy may be behind before it is different for good: longer than an instance, a relay or the database takes to
 * come back. What waits meanwhile is compared afterwards.
 */
export const behindMsMax = 30_000
const looksMs = [10, 20, 40, 80, 160, 320, 640, 1_280, 2_500] as const
/** Single mismatches that one flush keeps; all are counted. */
const keptMax = 200

/** A read that was answered, with what the side that answered had said. */
export interface AnsweredRead {
  readonly key: string
  readonly epoch: number
  readonly by: 'http' | 'replica'
  readonly answer: Side
  readonly atMs: number
}

/** Compares reads with the side that was not asked, in the background: whoever read has had their answer. */
export interface Comparison {
  offer(read: AnsweredRead): void
  run(signal: AbortSignal): Promise<void>
}

export function openComparison(options: {
  readonly link: string
  readonly instance: string
  readonly store: ReadingStore
  /** Both sides, asked by key, for a read of an epoch. Neither is asked any more once the switch has been turned. */
  readonly owner: (key: string, epoch: number) => Promise<Side>
  readonly copy: (key: string, epoch: number) => Promise<Side>
  readonly clock: Clock
  readonly log: Log
}): Comparison {
  const { link, instance, store, clock, log } = options
  const waiting: AnsweredRead[] = []
  let working = 0
  const found = new Map<number, { counts: Record<keyof ReadCounts, number>; mismatches: Mismatch[] }>()

  const of = (epoch: number): { counts: Record<keyof ReadCounts, number>; mismatches: Mismatch[] } => {
    const known = found.get(epoch)
    if (known !== undefined) return known
    const fresh = { counts: { equal: 0, stale: 0, different: 0, missing: 0, extra: 0, failed: 0, skipped: 0 }, mismatches: [] }
    found.set(epoch, fresh)
    return fresh
  }

  function note(epoch: number, key: string, verdict: ReadVerdict, columns: readonly string[], lagMs: number | null): void {
    const { counts, mismatches } = of(epoch)
    counts[verdict]++
    if (verdict !== 'equal' && mismatches.length < keptMax) mismatches.push({ key, verdict, columns, lagMs })
  }

  async function compare({ key, epoch, by, answer, atMs }: AnsweredRead): Promise<void> {
    const other = await (by === 'http' ? options.copy(key, epoch) : options.owner(key, epoch))
    const [owner, copy] = by === 'http' ? [answer, other] : [other, answer]
    const first = judgeRead(owner, copy)
    if (first.verdict === 'equal' || first.verdict === 'failed') return note(epoch, key, first.verdict, first.columns, null)
    const { gone, ...settled } = await lookAgain(key, epoch)
    if (settled.verdict !== 'equal') return note(epoch, key, settled.verdict, settled.columns, null)
    // What was read first may simply be the older of the two: then the copy was not behind.
    if (!gone && isAhead(owner, copy)) return note(epoch, key, 'equal', [], null)
    note(epoch, key, 'stale', first.columns, clock.now() - atMs)
  }

  /** A copy that is behind catches up; one that is different stays so. `gone`: the owner has it no more. */
  async function lookAgain(key: string, epoch: number): Promise<ReadJudgement & { readonly gone: boolean }> {
    const until = clock.now() + behindMsMax
    for (let look = 0; ; look++) {
      await clock.sleep(looksMs[Math.min(look, looksMs.length - 1)] ?? 0)
      const owner = await options.owner(key, epoch)
      const judgement = judgeRead(owner, await options.copy(key, epoch))
      if (judgement.verdict === 'equal' || judgement.verdict === 'failed' || clock.now() >= until)
        return { ...judgement, gone: owner === null }
    }
  }

  async function work(): Promise<void> {
    if (working >= concurrency) return
    working++
    for (let read = waiting.shift(); read !== undefined; read = waiting.shift()) {
      const { key, epoch } = read
      await compare(read).catch(error => {
        log.debug({ link, err: error }, 'reading: a comparison failed')
        note(epoch, key, 'failed', [], null)
      })
    }
    working--
  }

  async function flush(): Promise<void> {
    // What cannot be counted now is put back, and is not met again in the same pass.
    const taken = new Map(found)
    found.clear()
    for (const [epoch, { counts, mismatches }] of taken) {
      await store.count(link, epoch, instance, counts, mismatches).catch(error => {
        log.debug({ link, err: error }, 'reading: counted later')
        const again = of(epoch)
        for (const [name, count] of Object.entries(counts)) again.counts[name as keyof ReadCounts] += count
        again.mismatches.push(...mismatches.slice(0, keptMax - again.mismatches.length))
      })
    }
  }

  return {
    offer(read) {
      if (waiting.length >= waitingMax) of(read.epoch).counts.skipped++
      else {
        waiting.push(read)
        void work()
      }
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(flushMs, signal)
        await flush()
      }
    },
  }
}

const isAhead = (owner: Side, copy: Side): boolean =>
  owner !== 'failed' && copy !== 'failed' && copy !== null && (owner === null || copy.revision > owner.revision)
