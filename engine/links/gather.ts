import type { LinkContract } from 'cutover/contract'
import type { Tx } from 'cutover/database'
import type { LinkRow } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'
import { seeEpoch } from '../history/history.ts'
import { readLinks } from '../services/answers.ts'
import type { Directory, InstanceAnswer } from '../services/directory.ts'
import { type InstanceReport, mergeLinks, noteOf } from './merge.ts'

const deadlineMs = 1_500

/**
 * All links as they stand, from all instances of all services, in `deadlineMs` at most. A service that is away leaves
 * what it decides unknown. A database whose epoch went back is said on each of its links. `runs` names the unfinished
 * run of each link that has one.
 */
export async function gatherLinks(
  links: readonly LinkContract[],
  directory: Directory,
  database: Tx,
  runs: ReadonlyMap<string, string>,
): Promise<LinkRow[]> {
  const services = [...new Set(links.flatMap(({ from, to }) => [from, to]))]
  const reports = await Promise.all(
    services.map(
      async service =>
        [service, (await directory.askEach(service, { method: 'GET', path: '/operator/links', deadlineMs })).map(read)] as const,
    ),
  )
  const rows = mergeLinks(links, Object.fromEntries(reports))
  const warnings = new Map<string, Said>()
  for (const service of services) {
    const told = Math.max(0, ...rows.filter(row => row.from === service).map(row => row.epoch ?? 0))
    const seen = told === 0 ? 0 : await seeEpoch(database, service, told)
    if (told < seen) warnings.set(service, { code: 'link_epoch_back', params: { service, told, seen } })
  }
  return rows.map(row => {
    const run = runs.get(row.link) ?? null
    const warning = warnings.get(row.from)
    const troubles = [...(row.troubles ?? []), ...(warning === undefined ? [] : [warning])]
    return { ...row, run, troubles, note: noteOf(troubles) }
  })
}

function read(instance: InstanceAnswer): InstanceReport {
  if ('away' in instance) return instance
  try {
    return { url: instance.url, links: readLinks(instance.answer) }
  } catch (error) {
    return { url: instance.url, away: error instanceof Error ? error.message : String(error) }
  }
}
