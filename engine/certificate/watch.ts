import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import type { Lease } from '../lease/lease.ts'
import type { World } from '../plan/world.ts'
import { stateOf } from './certificate.ts'
import type { Certificate, Certificates } from './store.ts'

const everyMs = 10_000

export interface WatchPorts {
  readonly certificates: Certificates
  readonly worldOf: (run: string, term: number) => World
  readonly lease: Lease
  readonly clock: Clock
  readonly log: Log
}

/** Counts again for every valid certificate of an unfinished run; one that does not hold any more is revoked. */
export async function recheck({ certificates, worldOf, clock, log }: WatchPorts, term: number): Promise<void> {
  const valid = (await certificates.standing()).filter(one => stateOf(one, clock.now()) === 'valid')
  const look = async ({ link, route, run }: Certificate): Promise<void> => {
    const standing = await worldOf(run, term).certificate(link, route)
    if (standing.is === 'revoked') log.warn({ run, link, route, by: standing.by }, 'certificate: revoked')
  }
  for (const one of valid) {
    // Who does not answer proves nothing, neither for it nor against it: whoever relies on it counts again.
    await look(one).catch(error => log.debug({ err: error, run: one.run }, 'certificate: looked at again later'))
  }
}

/** Looks after certificates while this engine has the lease. */
export function openCertificateWatch(ports: WatchPorts): Running {
  const { lease, clock, log } = ports
  let stop = new AbortController()
  let loop: Promise<void> | undefined

  async function keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const term = lease.term()
      if (term !== null) await recheck(ports, term).catch(error => log.debug({ err: error }, 'certificates: looked at again later'))
      await clock.sleep(everyMs, signal)
    }
  }

  return {
    name: 'certificates',
    async start() {
      if (loop !== undefined) return
      stop = new AbortController()
      loop = keep(stop.signal)
    },
    async stop() {
      stop.abort()
      await loop
      loop = undefined
    },
  }
}
