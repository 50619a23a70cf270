import type { LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'
import { said } from '../plan/verb.ts'
import type { Draining, Standing } from '../plan/world.ts'
import { runId, type StoredRun } from '../run/store.ts'
import type { Certificate, Certificates, Counted } from './store.ts'

/** Long enough for a night between `finished` and `complete`, and no longer: what nobody looks at is not relied on. */
export const validMs = 24 * 3_600_000

/** What a count is as a certificate's figures. */
export const countedOf = ({ since, issued, outstanding, late }: Draining): Counted => ({
  epoch: since,
  issued,
  terminal: issued - outstanding,
  late: late.count,
})

/** Whether new facts are stated for the route: all of them, or a share of the keys. */
const isStated = ({ route: now, share }: Draining, route: Route): boolean => now === route || share < 100

/** Whether a count finds the link drained of the route: pure. What proves nothing is not drained. */
export const isClean = (count: Draining, route: Route): boolean =>
  !isStated(count, route) && count.outstanding === 0 && count.unsure === null

/** Why a certificate does not hold against a count of now, or null when nothing speaks against it. Pure. */
export function revocationOf(certificate: Counted, count: Draining, link: LinkContract, route: Route): Said | null {
  const { id, from, to } = link
  if (count.since < certificate.epoch)
    return said('certificate_epoch', { link: id, route, service: from, epoch: count.since, was: certificate.epoch })
  if (isStated(count, route) || count.newest > certificate.epoch) return said('certificate_more', { link: id, route, service: from })
  const { count: late, fact, epoch } = count.late
  if (late > certificate.late)
    return said('certificate_stray', { link: id, route, service: to, fact: fact ?? '', epoch: epoch ?? 0, strays: late - certificate.late })
  if (count.outstanding > 0) return said('certificate_open', { link: id, route, outstanding: count.outstanding })
  return null
}

/** What the certificate of one link, route and run is by its own dates. Pure. */
export function stateOf({ revokedAt, expiresAt }: Certificate, nowMs: number): 'valid' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked'
  return nowMs < expiresAt.getTime() ? 'valid' : 'expired'
}

/** A certificate as it stands, as a sentence. */
function saidOf(certificate: Certificate, nowMs: number): Said {
  const { link, route, revokedBy, expiresAt } = certificate
  const state = stateOf(certificate, nowMs)
  if (state === 'revoked') return revokedBy ?? said('certificate_expired', { link, route })
  return state === 'expired'
    ? said('certificate_expired', { link, route })
    : said('certificate_valid', { link, route, until: expiresAt.toISOString().slice(0, 16).replace('T', ' ') })
}

/** What runs have certified about the route that they leave, as sentences; by the number of the run. */
export async function certifiedBy(
  certificates: Certificates,
  runs: readonly StoredRun[],
  nowMs: number,
): Promise<ReadonlyMap<number, Said>> {
  const issued = await certificates.ofRuns(runs.map(run => runId(run.number)))
  return new Map(
    runs.flatMap(({ number, link, from }) => {
      const own = issued.find(one => one.run === runId(number) && one.link === link && one.route === from)
      return own === undefined ? [] : [[number, saidOf(own, nowMs)]]
    }),
  )
}

export interface CertifierPorts {
  readonly certificates: Certificates
  readonly linkOf: (id: string) => LinkContract
  readonly draining: (link: string, route: Route) => Promise<Draining>
  readonly now: () => number
  readonly run: string
  readonly term: number
}

export interface Certifier {
  certify(link: string, route: Route, count: Draining): Promise<void>
  certificate(link: string, route: Route): Promise<Standing>
  refuse(link: string, route: Route): Promise<void>
}

/** Issues and judges the certificates of one run, under the term of the engine that acts. */
export function openCertifier({ certificates, linkOf, draining, now, run, term }: CertifierPorts): Certifier {
  return {
    async certify(link, route, count) {
      if (!isClean(count, route)) throw new Error(`${link} is not drained of ${route}: nothing to certify`)
      const subject = { link, route, run }
      const before = await certificates.get(subject)
      // A step that settles again after a crash has its certificate already.
      if (before !== null && stateOf(before, now()) === 'valid' && revocationOf(before, count, linkOf(link), route) === null) return
      await certificates.issue(term, subject, countedOf(count), validMs)
    },
    async certificate(link, route) {
      const subject = { link, route, run }
      const before = await certificates.get(subject)
      const count = await draining(link, route)
      const state = before === null ? 'never' : stateOf(before, now())
      if (before !== null && state !== 'revoked') {
        const by = revocationOf(before, count, linkOf(link), route)
        if (by !== null) {
          await certificates.revoke(term, subject, by)
          return { is: 'revoked', by, looked: false, count }
        }
      }
      if (count.unsure !== null) return { is: 'unsure', why: count.unsure }
      if (state !== 'revoked') return { is: state, count }
      return {
        is: 'revoked',
        by: before?.revokedBy ?? said('certificate_expired', { link, route }),
        looked: before?.looked === true,
        count,
      }
    },
    refuse: (link, route) => certificates.refuse(term, { link, route, run }),
  }
}
