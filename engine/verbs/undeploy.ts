import type { LinkContract } from 'cutover/contract'
import { condition, type State, thing } from '../plan/state.ts'
import { passed, said, type Verb } from '../plan/verb.ts'
import { declared, gone, lacking, refusalOf } from './deployment.ts'
import { relyOnDrained } from './drained.ts'

/** Takes the producer of the link's event out of the sender; it can be deployed again. */
export const undeployProducer = (link: LinkContract): Verb =>
  undeploy(link, {
    name: 'remove producer',
    service: link.from,
    capabilities: [`produce:${link.id}`],
    does: 'retire_produce',
    effects: { [thing.producer(link.id)]: 'none' },
  })

/** Takes the consumer of the link's event out of the receiver; it can be deployed again. */
export const undeployConsumer = (link: LinkContract): Verb =>
  undeploy(link, {
    name: 'remove consumer',
    service: link.to,
    capabilities: link.kind === 'business' ? [`act:${link.id}`, `record:${link.id}`] : [`act:${link.id}`],
    does: 'retire_consume',
    effects: { [thing.consumer(link.id)]: 'none' },
  })

interface Removal {
  readonly name: string
  readonly service: string
  readonly capabilities: readonly [string, ...string[]]
  readonly does: string
  readonly effects: State
}

/** The event's route is empty, and that is counted again here: what was drained a step ago need not be so now. */
function undeploy({ id, event }: LinkContract, { name, service, capabilities, does, effects }: Removal): Verb {
  const [capability] = capabilities
  const had = async (world: Parameters<Verb['apply']>[0]): Promise<string[]> => {
    const all = await world.instances(service)
    return capabilities.filter(one => all.length > 0 && lacking(all, one).length === 0)
  }
  const again = ({ had: before }: Readonly<Record<string, unknown>>): string[] =>
    typeof before === 'string' ? before.split(' ').filter(one => one !== '') : []
  return {
    name,
    does: said(does, { service, link: id, event }),
    asks: said('retire_gate', { service, capability }),
    touches: [`link ${id}`],
    requires: [condition(thing.route(id), 'http'), condition(thing.drained(id, 'event'), 'yes')],
    effects,
    async look(world) {
      const all = await world.instances(service)
      const having = all.filter(one => one.capabilities.includes(capability)).length
      return having === 0
        ? said('retire_now_done', { service, capability })
        : said('retire_now', { having, instances: all.length, service, capability })
    },
    prepare: async world => ({ had: (await had(world)).join(' ') }),
    async apply(world) {
      await relyOnDrained(world, id, 'event')
      await world.deployer?.deploy(service, { add: [], remove: capabilities })
    },
    async settled(world) {
      const all = await world.instances(service)
      const gates = capabilities.map(one => gone(all, service, one))
      return gates.find(gate => gate.verdict !== 'pass') ?? gone(all, service, capability)
    },
    inverse: {
      does: said('undeploy_inverse', { service, capability }),
      rehearse: (world, memo) => refusalOf(async () => world.deployer?.deploy(service, { add: again(memo), remove: [], dryRun: true })),
      apply: async (world, memo) => world.deployer?.deploy(service, { add: again(memo), remove: [] }),
      async settled(world, memo) {
        const all = await world.instances(service)
        const gates = again(memo).map(one => declared(all, { service, capability: one, byHand: world.deployer === null }))
        return gates.find(gate => gate.verdict !== 'pass') ?? gates[0] ?? passed()
      },
    },
  }
}
