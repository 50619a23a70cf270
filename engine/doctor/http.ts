import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { DoctorReport } from '../api/doctor.ts'
import { everybody } from '../session/who.ts'
import { examine } from './doctor.ts'
import { type DoctorPorts, gather } from './gather.ts'

/** What differs from what contracts and plans want, with the commands that repair it. It looks and changes nothing. */
export function doctorRoutes(ports: DoctorPorts): RouteDefinition[] {
  // All who ask at once get the same look: many impatient people ask each service once.
  let looking: Promise<DoctorReport> | undefined
  async function look(): Promise<DoctorReport> {
    const begunMs = performance.now()
    const report = examine(await gather(ports))
    return { ...report, took_ms: Math.round(performance.now() - begunMs) }
  }
  return [
    {
      method: 'GET',
      path: paths.doctor,
      operationId: 'doctor',
      summary: 'Everything that is not as contracts and plans want it, with the commands that repair it',
      policy: everybody,
      async handle() {
        looking ??= look().finally(() => void (looking = undefined))
        return { body: await looking }
      },
    },
  ]
}
