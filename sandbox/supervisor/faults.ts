import type { Keeper } from './keeper.ts'
import { pauseSeconds, type FaultAnswer, type FaultRequest } from '../api/contract.ts'

/** Why a fault was not done, for a problem document. */
export interface FaultRefused {
  readonly status: 404 | 409
  readonly pointer: string
  readonly detail: string
}

/** Does a fault to a service, all its instances or one. */
export async function applyFault(keepers: readonly Keeper[], request: FaultRequest): Promise<FaultAnswer | FaultRefused> {
  const { kind, service, instance } = request
  const ofService = keepers.filter(keeper => keeper.service === service)
  if (ofService.length === 0) {
    const known = [...new Set(keepers.map(keeper => keeper.service))].join(', ')
    return { status: 404, pointer: '/service', detail: `There is no service "${service}" here. There are: ${known}.` }
  }
  const targets = ofService.filter(keeper => instance === undefined || keeper.snapshot().instance === instance)
  if (targets.length === 0) {
    return {
      status: 404,
      pointer: '/instance',
      detail: `${service} has ${ofService.length} instance(s), numbered from 1; there is no ${instance}.`,
    }
  }
  const hit: FaultAnswer['processes'][number][] = []
  for (const keeper of targets) {
    const { name, pid } = keeper.snapshot()
    if (await suffer(keeper, request)) hit.push({ name, pid })
  }
  if (hit.length > 0) return { kind, processes: hit }
  const states = targets.map(keeper => `${keeper.name} is ${keeper.snapshot().state}`).join(', ')
  return { status: 409, pointer: '/kind', detail: `Nothing to ${kind}: ${states}. Try again when that has changed.` }
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
