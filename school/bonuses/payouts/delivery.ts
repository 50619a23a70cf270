import type { Database } from 'cutover/database'
import { fullJitter } from 'cutover/failure/backoff'
import type { Breaker } from 'cutover/failure/breaker'
import type { Clock, Random } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Owed } from './answer.ts'
import type { Finance } from './finance.ts'
import { askLater, claim, contradict, refuse, settle } from './payouts.ts'

export interface DeliveryPorts {
  readonly database: Database
  readonly finance: Finance
  readonly breaker: Breaker
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** For how long a pay-out is this process's own; longer than an answer is waited for. */
  readonly leaseMs: number
}

/** How long the finance service may take to answer. */
export const payDeadlineMs = 5_000
export const payLeaseMs = 15_000
export const payBreaker = { failuresMax: 5, firstMs: 500, maxMs: 30_000 } as const
const atOnce = 8
const idleMs = 500
const backoff = { firstMs: 500, maxMs: 60_000 }
const outage = { firstMs: 100, maxMs: 5_000 }

/**
 * Asks for what is due, once each, and stores what came of it. Resolves with how many were asked for. Nothing here is
 * inside a transaction while the call is under way; whatever is not stored is asked again, under the same key.
 */
export async function deliverDue(ports: DeliveryPorts): Promise<number> {
  const { database, breaker } = ports
  if (!breaker.willing()) return 0
  // After an outage one finds out whether it is over.
  const due = await claim(database, breaker.state().is === 'closed' ? atOnce : 1, ports.leaseMs)
  const done = await Promise.allSettled(due.map(owed => deliver(ports, owed)))
  const failed = done.find(one => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return due.length
}

async function deliver({ database, finance, breaker, random }: DeliveryPorts, owed: Owed & { readonly attempts: number }): Promise<void> {
  const { key, attempts } = owed
  const delayMs = fullJitter(attempts, backoff, random)
  const leave = breaker.enter()
  if (leave === undefined) return askLater(database, key, 0, delayMs, null)
  const answer = await finance.pay(owed)
  if (answer.is === 'unknown') leave.failed()
  else leave.succeeded()
  switch (answer.is) {
    case 'paid':
      await settle(database, answer.payment)
      return
    case 'accepted':
      return askLater(database, key, 1, delayMs, 'accepted, and not paid yet')
    case 'unknown':
      return askLater(database, key, 1, delayMs, `not known: ${answer.reason}`)
    case 'refused':
      return refuse(database, key, answer.reason)
    case 'contradicted':
      return contradict(database, key, answer.detail)
  }
}

/** Delivers until told to stop; waits out what fails. */
export async function runDelivery(ports: DeliveryPorts, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = ports
  let failures = 0
  while (!signal.aborted) {
    try {
      const asked = await deliverDue(ports)
      failures = 0
      if (asked === 0) await clock.sleep(idleMs, signal)
    } catch (error) {
      failures++
      if (failures === 1) log.warn({ err: error }, 'pay-outs: waits and tries again')
      await clock.sleep(fullJitter(failures, outage, random), signal)
    }
  }
}
