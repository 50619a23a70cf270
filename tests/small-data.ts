// The part of the system in memory that data links need: a copy, a reading switch, and the telling of what was there before.
import type { LinkContract, Route } from 'cutover/contract'
import type { Reading, Telling, World } from '../engine/plan/world.ts'

type DataWorld = Pick<World, 'reading' | 'read' | 'readParity' | 'compareCopy' | 'copy' | 'telling' | 'tell'>

export function openTestData(link: LinkContract, ordered: (order: string) => void) {
  const starts = link.start === 'event'
  const reading: Omit<Reading, 'copy'> = { answers: starts ? 'replica' : 'http', compares: false, epoch: 1 }
  let copy: Reading['copy']['state'] = starts ? 'present' : 'absent'
  const telling = { state: 'none' as Telling['state'], askedBy: null as string | null, copied: 0 }
  const total = 3
  let compared = 0

  const world = (ask: () => void): DataWorld => ({
    async reading() {
      ask()
      return { ...reading, copy: { state: copy, rows: total, quietMs: copy === 'quarantined' ? 60_000 : null, touches: [] } }
    },
    async read({ answers, compares }, dryRun = false) {
      ask()
      if (dryRun || (reading.answers === answers && reading.compares === compares)) return
      Object.assign(reading, { answers, compares, epoch: reading.epoch + 1 })
      compared = 0
      ordered(`read ${answers}${compares ? ', compared' : ''}`)
    },
    async readParity() {
      ask()
      if (reading.compares) compared += 20
      const none = { different: 0, missing: 0, extra: 0, failed: 0, skipped: 0 }
      return { ...none, equal: compared, stale: 0, inARow: compared, lagP50Ms: null, lagP99Ms: null, rate: 20 }
    },
    compareCopy: async () => ({ rows: total, open: 0, missing: 0, different: 0, extra: 0 }),
    async copy(_, change) {
      ask()
      const next = { create: 'present', restore: 'present', quarantine: 'quarantined', drop: 'absent' } as const
      if (copy !== next[change]) ordered(`copy ${next[change]}`)
      copy = next[change]
    },
    async telling() {
      // A page goes by with every look.
      if (telling.state === 'telling') telling.copied++
      if (telling.state === 'telling' && telling.copied === total) telling.state = 'done'
      return { ...telling, total, tookMs: 10, arrived: telling.state === 'done' }
    },
    async tell(_, change, askedBy) {
      if (change === 'cancel') telling.state = telling.askedBy === askedBy ? 'cancelled' : telling.state
      else if (telling.askedBy !== askedBy || telling.state === 'cancelled')
        Object.assign(telling, { state: 'telling', askedBy, copied: 0 })
    },
  })

  return {
    world,
    epoch: (): number => reading.epoch,
    route: (): Route => (reading.answers === 'http' ? 'http' : 'event'),
    state: (): object => ({ reads: reading.answers, compares: reading.compares, copy }),
  }
}
