import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordLink as link } from '../../tests/copying.ts'
import { countLink } from '../../tests/counting.ts'
import { aDraining, anInstance, openScene } from '../../tests/scene.ts'
import { isInverse, type Inverse, type Verb } from '../plan/verb.ts'
import { undeployConsumer, undeployProducer } from './undeploy.ts'

const inverseOf = ({ inverse }: Verb): Inverse => (isInverse(inverse) ? inverse : assert.fail('there is no way back'))
const business = { ...countLink, from: 'counting', to: 'adding' }
const memoOf = async (verb: Verb, world: Parameters<Verb['look']>[0]) => (await verb.prepare?.(world)) ?? assert.fail()

const both = ['act:L-1', 'record:L-1']
const cases = [
  { title: 'a producer', verb: undeployProducer(link), service: 'counting', capabilities: ['produce:L-2'] },
  { title: 'the consumer of a copy', verb: undeployConsumer(link), service: 'adding', capabilities: ['act:L-2'] },
  { title: 'the consumer of a business link', verb: undeployConsumer(business), service: 'adding', capabilities: both },
]

for (const { title, verb, service, capabilities } of cases) {
  const [first = ''] = capabilities
  const minus = capabilities.map(one => ` -${one}`).join('')
  const plus = capabilities.map(one => ` +${one}`).join('')
  const able = (id: string) => anInstance(id, [...capabilities, 'serve:L-9'])
  const unable = (id: string, more = {}) => anInstance(id, ['serve:L-9'], more)

  test(`${title} is taken out of every instance, and the gate names those that still have it`, async () => {
    const { world, scene } = openScene({ instances: { [service]: [able('1'), able('2')] } })
    assert.deepEqual(await verb.look(world), { code: 'retire_now', params: { having: 2, instances: 2, service, capability: first } })
    await verb.apply(world, {})
    assert.deepEqual(scene.orders, [`deploy ${service}${minus}`])
    scene.instances = { [service]: [unable('1'), able('2')] }
    assert.deepEqual((await verb.settled(world, {})).waitsFor, { code: 'undeploy_waits', params: { having: '2', capability: first } })
    scene.instances = { [service]: [unable('1'), unable('2')] }
    assert.deepEqual([(await verb.settled(world, {})).verdict, (await verb.look(world)).code], ['pass', 'retire_now_done'])
    scene.instances = {}
    assert.equal((await verb.settled(world, {})).waitsFor?.code, 'deploy_waits_none', 'that nobody is there to ask proves nothing')
  })

  test(`${title} is not taken away while the certificate of the event does not stand`, async () => {
    for (const certificate of [
      { is: 'unsure', why: { code: 'drained_unknown', params: {} } },
      { is: 'expired', count: aDraining({ outstanding: 1, onTheirWay: 1 }) },
      { is: 'never', count: aDraining({ route: 'event' }) },
      { is: 'revoked', by: { code: 'certificate_more', params: {} }, looked: false, count: aDraining() },
    ] as const) {
      const { world, scene } = openScene({ instances: { [service]: [able('1')] }, certificate })
      await assert.rejects(verb.apply(world, {}))
      assert.deepEqual(
        scene.orders.filter(order => order.startsWith('deploy')),
        [],
        certificate.is,
      )
    }
  })

  test(`the way back of ${title} deploys again what was there, after it was tried, and names who has not got it yet`, async () => {
    const { world, scene } = openScene({ instances: { [service]: [able('1'), able('2')] } })
    const memo = await memoOf(verb, world)
    assert.equal(await inverseOf(verb).rehearse(world, memo), null)
    await inverseOf(verb).apply(world, memo)
    assert.deepEqual(scene.orders, [`try deploy ${service}${plus}`, `deploy ${service}${plus}`])
    scene.instances = { [service]: [able('1'), unable('2'), unable('old', { build: null })] }
    const held = await inverseOf(verb).settled(world, memo)
    const params = { service, capability: first, declared: 1, instances: 3, lacking: '2, old (an older build)' }
    assert.deepEqual([held.verdict, held.waitsFor], ['not_enough_evidence', { code: 'deploy_waits', params }])
    scene.byHand = true
    assert.equal((await inverseOf(verb).settled(world, memo)).waitsFor?.code, 'deploy_waits_person')
    scene.instances = { [service]: [able('1'), able('2')] }
    assert.deepEqual((await inverseOf(verb).settled(world, memo)).figures, [
      { name: 'figure_instances', value: 2, wanted: 2, rule: 'at_least' },
    ])
    assert.equal((await inverseOf(verb).settled(world, memo)).verdict, 'pass')
    scene.instances = {}
    assert.equal((await inverseOf(verb).settled(world, memo)).waitsFor?.code, 'deploy_waits_none')
  })

  test(`the way back of ${title} brings nothing that was not there`, async () => {
    const { world, scene } = openScene({ instances: { [service]: [unable('1')] } })
    const memo = await memoOf(verb, world)
    await inverseOf(verb).apply(world, memo)
    assert.deepEqual([scene.orders, (await inverseOf(verb).settled(world, memo)).verdict], [[`deploy ${service}`], 'pass'])
  })

  test(`a deployer that would refuse to bring ${title} back is told before anything is taken away`, async () => {
    const { world } = openScene({ instances: { [service]: [able('1')] }, refuses: 'no such build' })
    const refusal = await inverseOf(verb).rehearse(world, { had: capabilities.join(' ') })
    assert.deepEqual(refusal, { code: 'step_refused', params: { reason: 'no such build' } })
  })
}

test('of a business link nobody records either once its consumer is gone', async () => {
  const verb = undeployConsumer(business)
  const { world } = openScene({ instances: { adding: [anInstance('1', []), anInstance('2', ['record:L-1'])] } })
  assert.deepEqual((await verb.settled(world, {})).waitsFor, { code: 'undeploy_waits', params: { having: '2', capability: 'record:L-1' } })
})

test('of what only recorded, only that comes back', async () => {
  const verb = undeployConsumer(business)
  const { world, scene } = openScene({ instances: { adding: [anInstance('1', ['record:L-1'])] } })
  const memo = await memoOf(verb, world)
  await inverseOf(verb).apply(world, memo)
  assert.deepEqual([scene.orders, (await inverseOf(verb).settled(world, memo)).verdict], [['deploy adding +record:L-1'], 'pass'])
})
