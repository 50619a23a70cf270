import { copyTo, restart, revert } from '../commands.ts'
import { type Check, finding, runOf } from '../found.ts'
import { readingOf, usesCopy } from './routes.ts'

/** Copies of state that other services own. */
export const copyChecks: readonly Check[] = [
  {
    name: 'copies that are read are there',
    look: found =>
      found.links.flatMap(link => {
        const reading = readingOf(found, link)
        if (reading === undefined || !usesCopy(reading) || reading.copy === 'present') return []
        const params = { link: link.id, reader: link.to, state: reading.copy }
        // One that is made anew is empty: it is filled by telling everything once more.
        const commands =
          reading.copy === 'quarantined' ? [copyTo(link.id, 'restore')] : [copyTo(link.id, 'create'), copyTo(link.id, 'fill')]
        return [finding('broken', 'copy_missing', link.id, params, ...commands)]
      }),
  },
  {
    name: 'no copy was left in quarantine',
    look: found =>
      found.links.flatMap(link => {
        const reading = readingOf(found, link)
        if (reading?.copy !== 'quarantined' || usesCopy(reading) || runOf(found, link.id) !== undefined) return []
        return [finding('warning', 'copy_hidden', link.id, { link: link.id, reader: link.to }, copyTo(link.id, 'restore'))]
      }),
  },
  {
    name: 'nobody reaches for a copy in quarantine',
    look: found =>
      found.links.flatMap(link => {
        const reading = readingOf(found, link)
        if (reading?.copy !== 'quarantined' || reading.touches === 0) return []
        const run = runOf(found, link.id)
        const params = { link: link.id, reader: link.to, touches: reading.touches }
        return [finding('warning', 'copy_touched', link.id, params, run === undefined ? restart(link.to) : revert(run.run))]
      }),
  },
]
