import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { ReadMismatch, ReadsView } from '../api/plan.ts'
import { readMismatches, readReading, readReadParity, readTelling } from '../services/data-answers.ts'
import type { Directory } from '../services/directory.ts'
import { everybody } from '../session/who.ts'

const params = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, maxLength: 64 } },
} as const
const deadlineMs = 5_000

/** How a data link is read: who answers, how compared reads came out, by how much the copy was behind, and the copy itself. */
export function readsRoutes(linkOf: (id: string) => LinkContract, directory: Directory): RouteDefinition[] {
  const ask = (service: string, path: string): Promise<unknown> => directory.ask(service, { method: 'GET', path, deadlineMs })
  return [
    {
      method: 'GET',
      path: paths.reads,
      operationId: 'showReads',
      summary: 'Who answers the reads of a data link, how the other side compares, and how far the copy is behind',
      policy: everybody,
      tags: ['parity'],
      params,
      async handle(request) {
        const { id, kind, from, to } = linkOf(request.params['id'] ?? '')
        if (kind !== 'data') {
          throw new Problem('not_found', { detail: `${id} is a business link: it has no reads. Its effects: cutover parity ${id}` })
        }
        const [reading, parity, mismatches, telling] = await Promise.all([
          ask(to, `/operator/readings/${id}`).then(readReading),
          ask(to, `/operator/readings/${id}/parity`).then(readReadParity),
          ask(to, `/operator/readings/${id}/mismatches`).then(readMismatches),
          ask(from, `/operator/snapshots/${id}`).then(readTelling),
        ])
        const { equal, stale, different, missing, extra, failed, skipped, rate } = parity
        const answer: ReadsView = {
          link: id,
          reader: to,
          owner: from,
          answers: reading.answers,
          compares: reading.compares,
          epoch: reading.epoch,
          equal,
          stale,
          different,
          missing,
          extra,
          failed,
          skipped,
          rate,
          lag_p50_ms: parity.lagP50Ms,
          lag_p99_ms: parity.lagP99Ms,
          copy: { state: reading.copy.state, rows: reading.copy.rows, touches: reading.copy.touches },
          snapshot: telling.state === 'none' ? null : { state: telling.state, copied: telling.copied, total: telling.total },
          mismatches: mismatches satisfies readonly ReadMismatch[],
        }
        return { body: answer }
      },
    },
  ]
}
