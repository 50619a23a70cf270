import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { LensReport } from '../api/plan.ts'
import type { ChangePlan } from '../plan/plan.ts'
import { readLensTables } from '../services/change-answers.ts'
import type { Directory } from '../services/directory.ts'
import { everybody } from '../session/who.ts'

const params = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, maxLength: 64 } },
} as const
/** Every row of every table is read. */
const deadlineMs = 120_000

/** What a change would make of the values that are stored now: asked before it is made. */
export const lensRoutes = (changes: readonly ChangePlan[], directory: Directory): RouteDefinition[] => [
  {
    method: 'GET',
    path: paths.lens,
    operationId: 'reportLens',
    summary: 'How the values that are stored now come out of a change and back: counts and keys, never values',
    policy: everybody,
    tags: ['plans'],
    params,
    async handle(request) {
      const id = request.params['id'] ?? ''
      const plan = changes.find(one => one.id === id)
      if (plan === undefined) {
        const known = changes.length === 0 ? 'There is none here' : `Changes: ${changes.map(one => one.id).join(', ')}`
        throw new Problem('plan_unknown', { detail: `there is no change "${id}". ${known}` })
      }
      const tables = await Promise.all(
        plan.change.services.map(async service =>
          readLensTables(await directory.ask(service, { method: 'GET', path: `/operator/columns/${id}/report`, deadlineMs }), service),
        ),
      )
      const answer: LensReport = { change: id, ok: tables.flat().every(table => table.broken.rows === 0), tables: tables.flat() }
      return { body: answer }
    },
  },
]
