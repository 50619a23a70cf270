import { isTransient, type Tx } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import { Away, giveUp, handle, type HandlingPorts, isFailed, JobLost } from './handling.ts'
import { describe } from './letter.ts'
import { approvalHours } from './orders.ts'
import type { Able, Held, Item, Job, Result } from './store.ts'

const pollMs = 500
const awayMs = 1_000
const describedAtOnce = 200
const itemsAtOnce = 50
const keepDays = 7
/** Whoever has handled it so often has died of it. */
const triesMax = 3
const tidyEveryMs = 60_000

export interface JobPorts extends HandlingPorts {
  /** The name of this instance. */
  readonly holder: string
  readonly clock: Clock
  readonly log: Log
}

/**
 * Carries out the jobs about dead letters, whoever ordered them and wherever that client is by now. One instance works on
 * a job, under a lease that every write demands; when it dies, another goes on with the next letter.
 */
export async function runDeadLetters(ports: JobPorts, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = ports
  let tidyAt = 0
  let failures = 0
  while (!signal.aborted) {
    try {
      await describeNew(ports)
      if (clock.now() >= tidyAt) {
        await tidy(ports)
        tidyAt = clock.now() + tidyEveryMs
      }
      const held = await store.take(ports.holder, ableOf(ports))
      if (held === undefined) await clock.sleep(pollMs, signal)
      else await work(ports, held, signal)
      failures = 0
    } catch (error) {
      failures++
      if (failures === 1) log.warn({ err: error }, 'dead letters: a job rests after an error and goes on')
      await clock.sleep(Math.min(100 * 2 ** failures, 5_000), signal)
    }
  }
}

/** Puts all letters that nobody has looked at into their groups. */
export async function describeNew({ store, reader }: Pick<HandlingPorts, 'store' | 'reader'>): Promise<void> {
  for (;;) {
    const letters = await store.undescribed(describedAtOnce)
    await store.describe(letters.map(letter => ({ letter, description: describe(letter, reader) })))
    if (letters.length < describedAtOnce) return
  }
}

async function tidy({ store }: JobPorts): Promise<void> {
  for (const id of await store.overdue(approvalHours)) {
    await store.transaction(async tx => {
      const locked = await store.lockJob(tx, id)
      if (locked?.job.state === 'waiting') await store.end(tx, id, 'stopped', 'not_approved')
    })
  }
  await store.forget(keepDays)
}

const ableOf = ({ receivers, couriers }: HandlingPorts): Able => ({
  receive: [...receivers].filter(([, receiver]) => receiver.acts.length > 0).map(([link]) => link),
  relay: [...couriers.keys()],
})

/** Whatever can be read can be exported. */
const ableFor = (ports: HandlingPorts, { kind }: Job): Able => {
  const links = ports.reader.links.map(link => link.id)
  return kind === 'export' ? { receive: links, relay: links } : ableOf(ports)
}

/** Works on a job until it has ended, is stopped, or has nothing left that this instance can do. */
export async function work(ports: JobPorts, held: Held, signal: AbortSignal): Promise<void> {
  const { store, clock } = ports
  const { job } = held
  const fence = async (tx: Tx): Promise<void> => {
    if (!(await store.renew(held, tx))) throw new JobLost(`job ${job.id} is another's by now, or has ended`)
  }
  const end = (state: 'done' | 'held', trouble: string | null): Promise<void> =>
    store.transaction(async tx => {
      await fence(tx)
      await store.end(tx, job.id, state, trouble)
    })
  try {
    while (!signal.aborted) {
      // Looked up and not remembered: whoever takes over goes by the same.
      const canary = job.kind === 'replay' && job.total > 1 ? await store.first(job.id) : 'none'
      if (canary === 'failed') return await end('held', 'canary_failed')
      const items = await store.next(job.id, ableFor(ports, job), canary === null ? 1 : itemsAtOnce)
      if (items.length === 0) {
        // What is left is for an instance with other capabilities.
        if ((await store.job(job.id))?.left === 0) await end('done', null)
        else await store.release(held)
        return
      }
      for (const item of items) {
        if (signal.aborted) break
        const beganMs = clock.now()
        if (!(await store.renew(held))) return
        const result = await handleOnce(ports, held, item, fence)
        if (job.kind !== 'rehearsal') await clock.sleep(Math.max(0, 1_000 / job.rate - (clock.now() - beganMs)), signal)
        if (isFailed(result) && canary === null) break
      }
      await store.show(held, null)
    }
  } catch (error) {
    if (error instanceof JobLost) return
    if (!(error instanceof Away) && !isTransient(error)) await store.show(held, 'error')
    if (error instanceof Away) {
      await store.show(held, error.message)
      await clock.sleep(awayMs, signal)
      return
    }
    throw error
  } finally {
    await store.release(held).catch(() => undefined)
  }
}

/**
 * A letter that has killed its holders is given up as one that failed. What fails in another way than that has killed
 * nobody.
 */
async function handleOnce(ports: JobPorts, { job }: Held, item: Item, fence: (tx: Tx) => Promise<void>): Promise<Result> {
  const tries = await ports.store.tried(job.id, item, true)
  if (tries > triesMax) return giveUp(ports, job, item, fence, tries - 1)
  try {
    return await handle(ports, job, item, fence)
  } catch (error) {
    await ports.store.tried(job.id, item, false).catch(() => undefined)
    throw error
  }
}
