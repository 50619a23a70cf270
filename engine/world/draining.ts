import type { EventContract, LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Route } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'
import { doubt } from '../plan/doubt.ts'
import { said } from '../plan/verb.ts'
import type { Draining, VersionDraining } from '../plan/world.ts'
import { readDraining, readInstances, readLate, readReceipts, readVersionDraining, type SentRest } from '../services/answers.ts'

/** How a service's operator interface is asked; throws while it does not answer. */
export type Ask = (service: string, path: string, body?: object) => Promise<unknown>

/**
 * Counts what was stated for a route against what has become of it. The receiver says first what it remembers, because
 * what the sender has found to be terminal holds only as far as that; then the sender, then the receiver what it has of
 * the rest, so that what becomes terminal in between is seen as terminal. What could make the figures untrue is told
 * beside them: then they prove nothing. With `since`, only what was stated at that epoch or after it is counted.
 */
export async function countDraining(askAny: Ask, link: LinkContract, route: Route, since?: number): Promise<Draining> {
  const ask = askingNew(askAny)
  const part = since === undefined ? '' : `&since=${since}`
  const { sent, late, ...count } = await countRest(ask, link, route, async compared =>
    readDraining(await ask(link.from, `/operator/draining/${link.id}?route=${route}&compared=${compared}${part}`)),
  )
  return { route: sent.route, share: sent.share, since: sent.since, newest: sent.newest, late, ...count }
}

/** The same for the facts that were stated in one version of an event, on all links that carry it, by whichever route. */
export async function countVersion(
  askAny: Ask,
  links: readonly LinkContract[],
  { name }: EventContract,
  version: number,
): Promise<VersionDraining> {
  const ask = askingNew(askAny)
  const counts = await Promise.all(
    links.map(link =>
      countRest(ask, link, 'event', async compared =>
        readVersionDraining(await ask(link.from, `/operator/versions/${name}/draining/${link.id}?version=${version}&compared=${compared}`)),
      ),
    ),
  )
  const sum = (of: (count: (typeof counts)[number]) => number): number => counts.reduce((total, count) => total + of(count), 0)
  return {
    // A link that still tells it makes all of it unfinished.
    told: counts.find(({ sent }) => sent.told === version)?.sent.told ?? counts[0]?.sent.told ?? version,
    issued: sum(count => count.issued),
    outstanding: sum(count => count.outstanding),
    onTheirWay: sum(count => count.onTheirWay),
    retrying: sum(count => count.retrying),
    parked: sum(count => count.parked),
    dead: sum(count => count.dead),
    unsure: counts.find(({ unsure }) => unsure !== null)?.unsure ?? null,
  }
}

type Rest = Pick<Draining, 'issued' | 'outstanding' | 'onTheirWay' | 'retrying' | 'parked' | 'dead' | 'late' | 'unsure'>

async function countRest<Sent extends SentRest>(
  ask: Ask,
  { id, from, to }: LinkContract,
  route: Route,
  askSender: (compared: string) => Promise<Sent>,
): Promise<Rest & { readonly sent: Sent }> {
  const lateNow = async (): Promise<ReturnType<typeof readLate>> => readLate(await ask(to, `/operator/late/${id}?route=${route}`))
  const before = await lateNow()
  const sent = await askSender(before.compared)
  const facts = [...sent.candidates]
  const { receipts, parked, dead } = readReceipts(await ask(to, '/operator/receipts', { link: id, facts }))
  const after = await lateNow()
  const nameless = await namelessOf(ask, [from, to])

  const rest = facts.filter(fact => receipts[fact] === undefined)
  const count = (all: ReadonlySet<string>): number => rest.filter(fact => all.has(fact)).length
  // Those beyond the list are not asked after: they count as outstanding.
  const outstanding = sent.open - (facts.length - rest.length)
  const [aside, buried, retrying] = [count(parked), count(new Set([...dead, ...sent.dead])), count(sent.retrying)]
  const seen = Math.max(sent.epochSeen, after.epochSeen)
  const doubts: readonly (Said | null)[] = [
    nameless,
    sent.epoch < seen ? said('drained_behind', { service: from, epoch: sent.epoch, seen }) : null,
    sent.gone ? said('drained_gone', { sender: from, receiver: to }) : null,
    BigInt(after.compared) < BigInt(before.compared) ? said('drained_forgets', { service: to }) : null,
    after.count > before.count ? said('drained_arriving', { service: to, route }) : null,
  ]
  return {
    sent,
    // The outbox lets go of facts that are terminal, and what is open is held.
    issued: Math.max(sent.issued, outstanding),
    outstanding,
    onTheirWay: Math.max(0, outstanding - aside - buried - retrying),
    retrying,
    parked: aside,
    dead: buried,
    late: { count: after.count, fact: after.fact, epoch: after.epoch },
    unsure: doubts.find(doubt => doubt !== null) ?? null,
  }
}

/** A build that does not know these questions cannot count: it is waited for until another is deployed. */
const askingNew =
  (ask: Ask): Ask =>
  async (service, path, body) => {
    try {
      return await ask(service, path, body)
    } catch (error) {
      const status = error instanceof Problem && error.code === 'service_refused' ? error.extensions['service_status'] : null
      if (status === 400 || status === 404) throw doubt(said('drained_old', { service }), true)
      throw error
    }
  }

/** An instance whose build is not known may do anything, also what no count sees. */
async function namelessOf(ask: Ask, services: readonly string[]): Promise<Said | null> {
  for (const service of services) {
    const all = readInstances(await ask(service, '/operator/instances'))
    if (all.length === 0) return said('deploy_waits_none', { service })
    const nameless = all.filter(one => one.build === null).map(one => one.id)
    if (nameless.length > 0) return said('drained_unknown', { service, instances: nameless.join(', ') })
  }
  return null
}
