import type { EventContract, LinkContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import type { Diagnosis } from 'cutover/contract/diagnosis'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { HistoryRow } from '../api/contract.ts'
import type { CopyAnswer, CopyRequest, DeployAnswer, EpochView, TopicAnswer } from '../api/repair.ts'
import { noteDatabase } from '../doctor/postgres.ts'
import { appendHistory, seeEpoch } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { linkUnknown } from '../links/unknown.ts'
import type { Instance, World } from '../plan/world.ts'
import { readDiagnosis } from '../services/diagnosis.ts'
import type { Directory } from '../services/directory.ts'
import { object, number } from '../services/fields.ts'

const readMs = 5_000
const raiseMs = 15_000

export interface RepairPorts {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly directory: Directory
  readonly database: Database
  readonly lease: Lease
  readonly clock: Clock
  readonly worldOf: (term: number) => World
  /** The unfinished run that holds what is named: `link COMM-040`, `event TaskCompleted`. */
  readonly holder: (resource: string) => Promise<string | null>
}

/** What the doctor's commands order, under the term of the engine that acts. Every order is in the history, before and after. */
export interface Repairs {
  epoch(service: string): Promise<EpochView>
  /**
   * Raises it above all that is known, or to what is said; nothing is raised when nobody has seen a higher one. Either
   * way the database that the service uses now is known to be the right one from then on.
   */
  raiseEpoch(service: string, atLeast: number | null, who: string): Promise<EpochView>
  deploy(service: string, add: readonly string[], remove: readonly string[], who: string): Promise<DeployAnswer>
  openTopic(event: string, who: string): Promise<TopicAnswer>
  copy(link: string, change: CopyRequest['do'], who: string): Promise<CopyAnswer>
}

export function openRepairs(ports: RepairPorts): Repairs {
  const { links, events, directory, database, lease, clock, worldOf, holder } = ports

  async function noted<Answer>(
    what: { readonly action: string; readonly link: string; readonly who: string; readonly numbers: HistoryRow['numbers'] },
    work: (term: number) => Promise<Answer>,
  ): Promise<Answer> {
    const term = lease.required()
    const note = (end: string, more: HistoryRow['numbers'] = {}): Promise<unknown> => {
      const { action, numbers, ...line } = what
      return appendHistory(
        database,
        { ...line, action: `${action} ${end}`, run: null, step: null, term, numbers: { ...numbers, ...more } },
        clock.now(),
      )
    }
    await note('asked')
    try {
      const answer = await work(term)
      await note('done')
      return answer
    } catch (error) {
      await note('failed', { reason: error instanceof Problem ? error.code : 'internal' })
      throw error
    }
  }

  async function refuseHeld(resource: string): Promise<void> {
    const run = await holder(resource)
    if (run === null) return
    throw new Problem('run_exists', {
      detail: `${run} holds ${resource} and changes it by its plan; see "cutover run show ${run}". Nothing was done`,
      extensions: { run },
    })
  }

  /** Rows that are told again do no harm: a later revision wins. Asked again while it is under way, it is not begun anew. */
  async function fill(world: World, { id, from, to }: LinkContract, term: number): Promise<void> {
    if ((await world.switchOf(id)).route !== 'event')
      throw new Problem('copy_untold', {
        detail: `${from} tells ${to} no changes over ${id}: make and fill a copy with "cutover apply ${id}". Nothing was done`,
      })
    if ((await world.telling(id)).state !== 'telling') await world.tell(id, 'tell', `repair-${term}-${clock.now()}`)
  }

  function serviceOf(name: string): string {
    const all = [...new Set(links.flatMap(({ from, to }) => [from, to]))]
    if (all.includes(name)) return name
    throw new Problem('service_unknown', { detail: `there is no service "${name}"; services: ${all.join(', ')}` })
  }

  const reportOf = async (service: string): Promise<Diagnosis> =>
    readDiagnosis(await directory.ask(service, { method: 'GET', path: '/operator/diagnosis', deadlineMs: readMs }))

  const confirmed = async (service: string): Promise<void> => noteDatabase(database, service, (await reportOf(service)).database, true)

  async function epoch(name: string): Promise<EpochView> {
    const service = serviceOf(name)
    const own = await reportOf(service)
    const peers = [...new Set(links.filter(link => link.from === service).map(link => link.to))]
    const sent = new Set(links.filter(link => link.from === service).map(link => link.id))
    const told = await Promise.all(
      peers.map(async peer => {
        try {
          const { seen } = await reportOf(peer)
          return { peer, epoch: Math.max(0, ...seen.flatMap(one => (sent.has(one.link) ? [one.epoch] : []))) }
        } catch {
          // Why it does not answer is nothing to this question; that it does not is told.
          return { peer, epoch: null }
        }
      }),
    )
    const seen = [
      { by: 'itself', epoch: own.epoch },
      { by: 'the engine', epoch: await seeEpoch(database, service, own.epoch) },
      { by: 'its peers', epoch: own.epoch_seen },
      ...told.map(({ peer, epoch }) => ({ by: peer, epoch: epoch ?? 0 })),
    ].reduce((highest, one) => (one.epoch > highest.epoch ? one : highest))
    return {
      service,
      epoch: own.epoch,
      seen: seen.epoch,
      by: seen.by,
      away: told.flatMap(one => (one.epoch === null ? [one.peer] : [])),
      raised: false,
    }
  }

  return {
    epoch,
    async raiseEpoch(name, atLeast, who) {
      const view = await epoch(name)
      const { service, epoch: stands, seen, away } = view
      if (atLeast === null && away.length > 0) {
        throw new Problem('service_away', {
          detail: `${away.join(', ')} may have seen a higher epoch of ${service} and could not be asked. Nothing was raised; try again, or name one above all with --at-least (known: ${seen})`,
          retryable: true,
          extensions: { service: away[0] },
        })
      }
      if (atLeast !== null && atLeast <= seen && stands < seen) {
        throw new Problem('parameter_invalid', {
          detail: `epoch ${seen} of ${service} is known (by ${view.by}): it must be raised above that, to ${seen + 1} at least. Nothing was raised`,
        })
      }
      const target = atLeast ?? seen + 1
      // Whoever says this knows that the database is the one that is meant, though it may be another than before.
      if (atLeast === null ? stands >= seen : stands >= target) {
        await confirmed(service)
        return view
      }
      const raised = await noted({ action: 'epoch', link: '', who, numbers: { service, from: stands, to: target } }, async term => {
        const body = { at_least: target, term }
        const answer = await directory.ask(service, { method: 'POST', path: '/operator/epoch', body, deadlineMs: raiseMs, term })
        return number(object(answer, 'epoch').epoch, 'epoch/epoch')
      })
      await seeEpoch(database, service, raised)
      await confirmed(service)
      return { ...view, epoch: raised, raised: raised > stands }
    },
    async deploy(name, add, remove, who) {
      const service = serviceOf(name)
      for (const id of new Set([...add, ...remove].map(one => one.slice(one.indexOf(':') + 1)))) await refuseHeld(`link ${id}`)
      const numbers = { service, add: add.join(' '), remove: remove.join(' ') }
      const live = await noted({ action: 'deploy', link: '', who, numbers }, async term => {
        const world = worldOf(term)
        if (world.deployer === null) {
          throw new Problem('deployer_absent', {
            detail: `nothing deploys by itself here: start the instances of ${service} with ${add.join(', ') || `all but ${remove.join(', ')}`} (CAPABILITIES). Nothing was done`,
          })
        }
        await world.deployer.deploy(service, { add, remove })
        return world.instances(service).catch((): readonly Instance[] => [])
      })
      const is = ({ capabilities }: Instance): boolean =>
        add.every(one => capabilities.includes(one)) && !remove.some(one => capabilities.includes(one))
      return { service, add, remove, instances: live.length, deployed: live.filter(is).length }
    },
    async openTopic(name, who) {
      if (!events.some(one => one.name === name))
        throw new Problem('event_unknown', { detail: `there is no event "${name}"; events: ${events.map(one => one.name).join(', ')}` })
      await refuseHeld(`event ${name}`)
      return noted({ action: 'topic', link: '', who, numbers: { event: name, to: 'open' } }, async term => {
        const world = worldOf(term)
        await world.topicTo(name, 'open')
        return { event: name, state: (await world.topic(name)).state }
      })
    },
    async copy(id, change, who) {
      const link = links.find(one => one.id === id)
      if (link === undefined) throw linkUnknown(id, links)
      if (link.kind !== 'data') throw new Problem('not_found', { detail: `${id} is a business link: it has no copy` })
      await refuseHeld(`link ${id}`)
      return noted({ action: 'copy', link: id, who, numbers: { to: change } }, async term => {
        const world = worldOf(term)
        if (change === 'fill') await fill(world, link, term)
        else await world.copy(id, change)
        const { state, rows } = (await world.reading(id)).copy
        return { link: id, state, rows }
      })
    },
  }
}
