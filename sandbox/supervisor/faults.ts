import { extendProblems, Problem } from 'cutover/failure'
import { pauseSeconds, type FaultAnswer, type FaultRequest } from '../api/contract.ts'
import type { Keeper } from './keeper.ts'
import { processUnknown } from './process-unknown.ts'

extendProblems({ process_state: { status: 409, title: 'The process is in another state' } })

/** Does a fault to a service, all its instances or one. Throws the problems `process_unknown` and `process_state`. */
export async function applyFault(keepers: readonly Keeper[], request: FaultRequest): Promise<FaultAnswer> {
  const { kind } = request
  const targets = targetsOf(keepers, request)
  const hit: FaultAnswer['processes'][number][] = []
  for (const keeper of targets) {
    const { name, pid } = keeper.snapshot()
    if (await suffer(keeper, request)) hit.push({ name, pid })
  }
  if (hit.length > 0) return { kind, processes: hit }
  const states = targets.map(keeper => `${keeper.name} is ${keeper.snapshot().state}`).join(', ')
  const detail = `nothing to ${kind}: ${states}; try again when that has changed`
  throw new Problem('process_state', { detail, errors: [{ pointer: '/kind', code: 'state', detail }] })
}

function targetsOf(keepers: readonly Keeper[], { service, instance }: FaultRequest): readonly Keeper[] {
  const ofService = keepers.filter(keeper => keeper.service === service)
  if (ofService.length === 0) {
    throw processUnknown(
      '/service',
      `there is no such service here; there are: ${[...new Set(keepers.map(keeper => keeper.service))].join(', ')}`,
    )
  }
  const targets = ofService.filter(keeper => instance === undefined || keeper.snapshot().instance === instance)
  if (targets.length > 0) return targets
  throw processUnknown('/instance', `${service} has ${ofService.length} instance(s), numbered from 1`)
}

function suffer(keeper: Keeper, { kind, seconds }: FaultRequest): boolean | Promise<boolean> {
  switch (kind) {
    case 'kill':
      return keeper.kill()
    case 'pause':
      return keeper.pause(seconds ?? pauseSeconds.default)
    case 'resume':
      return keeper.resume()
  }
}
