import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { portsCount } from '../kafka/cluster.ts'
import { lacking } from '../kafka/jars.ts'
import { type KafkaServers, keepKafkaServers } from './kafka-servers.ts'

const skip = (await lacking()) ?? false
const directory = await mkdtemp(join(tmpdir(), 'cutover-kafka-kept-'))
const open: KafkaServers[] = []
after(async () => {
  await Promise.all(open.map(one => one.stop()))
  await rm(directory, { recursive: true, force: true })
})

/** The servers, and a way to wait for what their changes lead to. */
function keep(ports: readonly number[]): { servers: KafkaServers; until(is: () => boolean): Promise<void> } {
  const waiting = new Set<() => void>()
  const servers = keepKafkaServers({
    directory,
    ports,
    report: () => undefined,
    onChange: () => {
      for (const look of waiting) look()
    },
  })
  open.push(servers)
  return {
    servers,
    until: is =>
      new Promise(resolve => {
        const look = (): void => {
          if (!is()) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

async function freePorts(): Promise<number[]> {
  const probes = Array.from({ length: portsCount }, () => createServer())
  await Promise.all(probes.map(probe => new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))))
  const ports = probes.map(probe => (probe.address() as AddressInfo).port)
  await Promise.all(probes.map(probe => new Promise(resolve => probe.close(resolve))))
  return ports
}

const withAdmin = async <Result>(ports: readonly number[], work: (admin: Admin) => Promise<Result>): Promise<Result> => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: ports.slice(0, 3).map(port => `127.0.0.1:${port}`) })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

test('a broker that was killed is started again on its data, and the cluster keeps them from one start to the next', { skip }, async () => {
  const ports = await freePorts()
  const first = keep(ports)
  await first.servers.start()
  const [one, two, three] = first.servers.keepers
  assert.deepEqual(
    first.servers.keepers.map(({ name }) => name),
    ['kafka-1', 'kafka-2', 'kafka-3'],
  )
  await withAdmin(ports, admin => admin.createTopics({ topics: ['kept'], partitions: 1, replicas: 3 }))
  const before = two?.snapshot()
  assert.equal(two?.kill(), true)
  await first.until(() => two.snapshot().state === 'ready' && two.snapshot().restarts === 1)
  assert.notEqual(two.snapshot().pid, before?.pid)
  for (const other of [one, three]) assert.deepEqual([other?.snapshot().state, other?.snapshot().restarts], ['ready', 0])
  assert.equal(await three?.pause(60), true)
  assert.equal(three?.snapshot().state, 'paused')
  assert.equal(await three?.resume(), true)
  await first.servers.stop()
  assert.deepEqual(
    first.servers.keepers.map(keeper => [keeper.snapshot().state, keeper.snapshot().pid]),
    [
      ['stopped', null],
      ['stopped', null],
      ['stopped', null],
    ],
  )

  const second = keep(ports)
  await second.servers.start()
  assert.deepEqual(await withAdmin(ports, admin => admin.listTopics()), ['kept'])
  await second.servers.stop()
})
