import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { Route } from '../api/contract.ts'
import type { World } from '../plan/world.ts'
import { lacking } from '../verbs/deployment.ts'

const waitMs = 60_000
const pollMs = 200

/**
 * A switch that is moved by hand, without a plan: whoever will have to handle the route is deployed with what that
 * takes first. Where nothing deploys by itself it is refused, with what is missing.
 */
export async function makeAble(world: World, { id, from, to }: LinkContract, route: Route, clock: Clock): Promise<void> {
  const needed: readonly (readonly [service: string, capability: string])[] =
    route === 'event'
      ? [
          [to, `act:${id}`],
          [from, `produce:${id}`],
        ]
      : [
          [to, `serve:${id}`],
          [from, `call:${id}`],
        ]
  for (const [service, capability] of needed) {
    let missing = lacking(await world.instances(service), capability)
    if (missing.length === 0) continue
    if (world.deployer === null) throw unable(service, capability, missing)
    await world.deployer.deploy(service, { add: [capability], remove: [] })
    for (const until = clock.now() + waitMs; missing.length > 0;) {
      if (clock.now() > until) throw unable(service, capability, missing)
      await clock.sleep(pollMs)
      // While its only instance is being restarted, a service does not answer.
      missing = await world.instances(service).then(
        all => (all.length === 0 ? missing : lacking(all, capability)),
        () => missing,
      )
    }
  }
}

const unable = (service: string, capability: string, missing: readonly { readonly id: string }[]): Problem =>
  new Problem('capability_missing', {
    detail: `${missing.map(one => one.id).join(', ')} of ${service} have no ${capability}; deploy ${service} with it first. Nothing was switched`,
  })
