import { join } from 'node:path'
import { type HttpClient, openClient } from 'cutover/http/client'
import { openSigner } from 'cutover/http/tokens'
import { systemClock, systemRandom } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import { openTraffic } from '../../school/traffic/pace.ts'
import { openPeople } from '../../school/traffic/people.ts'
import { openSchoolLife } from '../../school/traffic/school-life.ts'
import { pause, type System } from './system.ts'

/** One answer of a candidate, as the candidate met it. */
export interface Answered {
  readonly ms: number
  readonly status: number
  /** The problem's code, where there is one. */
  readonly code: string | null
  readonly retryAfter: string | null
}

/** Candidates of our own who answer tasks, and note how long it took and what they were told. */
export interface Answering {
  /** Those since the last look. */
  take(): readonly Answered[]
  /** Ends it; again, it changes nothing. */
  stop(): Promise<void>
}

const ports = { management: 10, hiring: 20, bonuses: 30 } as const

/** Begins the school's life over connections of our own, with `rate` answers a second. What is slow holds up nothing else. */
export async function startAnswering(system: System, rate: number): Promise<Answering> {
  let taken: Answered[] = []
  const underWay = new Set<Promise<unknown>>()
  const timed = (client: HttpClient): HttpClient => ({
    ...client,
    async request(call) {
      const began = performance.now()
      const calling = client.request(call)
      underWay.add(calling)
      const reply = await calling.finally(() => underWay.delete(calling))
      if (call.path.endsWith('/answer')) {
        const code = /"code":"(\w+)"/.exec(reply.body)?.[1] ?? null
        taken.push({ ms: performance.now() - began, status: reply.status, code, retryAfter: reply.headers['retry-after'] ?? null })
      }
      return reply
    },
  })
  const clients = new Map(
    Object.entries(ports).map(([service, offset]) => {
      const baseUrls = [`http://127.0.0.1:${system.port + offset}`]
      return [service, timed(openClient({ baseUrls, token: async () => '', deadlineMs: 30_000, connectionsMax: 64 }))]
    }),
  )
  const privateKeyFile = join(system.home, 'home', 'keys', 'people.json')
  const life = openSchoolLife(openPeople(clients, await openSigner({ issuer: 'people', privateKeyFile }), systemRandom), systemRandom)
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const traffic = openTraffic(life, { rate, cap: Number.MAX_SAFE_INTEGER, clock: systemClock, log })
  let stopped = false
  await traffic.start()
  while (taken.length === 0) await pause()

  return {
    take() {
      const all = taken
      taken = []
      return all
    },
    async stop() {
      if (stopped) return
      stopped = true
      await traffic.stop()
      while (underWay.size > 0) await Promise.allSettled(underWay)
      await Promise.all([...clients.values()].map(client => client.close()))
    },
  }
}

/** The time that this share of the answers took at the most, in milliseconds. */
export function percentile(all: readonly Answered[], share: number): number {
  const sorted = all.map(one => one.ms).toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
