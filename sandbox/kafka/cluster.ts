import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { isAbsolute, join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { makeFolder } from '../folder.ts'
import { signal, signalFamily, waitUntilGone } from '../process-identity.ts'
import { type BrokerProcess, lastLines, logFileOf, type Node, prepare, spawnBroker, stopLeftOver } from './broker-process.ts'
import { ensureJars } from './jars.ts'

export const brokersCount = 3
/** The brokers' ports, then their controllers'. */
export const portsCount = 2 * brokersCount
const startTimeoutMs = 120_000
const lookMs = 100
const askMs = 2_000
const killMs = 10_000

export interface KafkaOptions {
  /** Holds everything of this cluster: data, configuration, logs. Made if absent. */
  readonly directory: string
  /** On 127.0.0.1: three for the brokers and three for their controllers; free ones if absent. */
  readonly ports?: readonly number[]
  /** Told in sentences what happens. */
  readonly log?: (line: string) => void
  /** Told that a broker has ended without having been told to. */
  readonly onLost?: (broker: number) => void
  /** The directory is deleted when the cluster is stopped. For tests. */
  readonly temporary?: boolean
}

/** A cluster of three brokers that runs. It ends when this process does. Brokers are numbered from 1. */
export interface Kafka {
  /** Where to connect, as `KAFKA_BROKERS` lists them. */
  readonly brokers: readonly string[]
  /** Ends one at once, as a crash does; resolves when it is gone. */
  kill(broker: number): Promise<void>
  /** Starts one that was killed, on its data; resolves when every broker knows it. */
  start(broker: number): Promise<void>
  /** Stops one without ending it, until `resume`. */
  pause(broker: number): Promise<void>
  resume(broker: number): Promise<void>
  /** The process of one that runs; null for one that does not. */
  pid(broker: number): number | null
  /** Stops all in order. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts three brokers on the directory, each of them a controller too, and waits until each knows all three. What was
 * left running on these data is ended first. Rejects with `KafkaUnavailable` where there is no Java or Maven, and with
 * the last lines of a broker's log when it does not start.
 */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  const log = options.log ?? (() => undefined)
  if (!isAbsolute(options.directory)) throw new Error(`the directory of Kafka must be absolute, not "${options.directory}"`)
  const jars = await ensureJars(log)
  await makeFolder(options.directory)
  const nodes = nodesOn(options.directory, options.ports ?? (await freePorts(portsCount)))
  await Promise.all(nodes.map(stopLeftOver))
  const clusterId = await clusterIdOf(options.directory)
  await Promise.all(nodes.map(node => prepare(jars, node, nodes, clusterId)))

  const running = new Map<number, BrokerProcess>()
  const starting = Promise.withResolvers<number>()
  let stopping: Promise<void> | undefined

  async function spawn(node: Node): Promise<void> {
    const broker = await spawnBroker(jars, node)
    running.set(node.id, broker)
    void notice(node, broker)
  }

  async function notice(node: Node, broker: BrokerProcess): Promise<void> {
    await broker.ended
    if (running.get(node.id) !== broker) return
    running.delete(node.id)
    starting.resolve(node.id)
    options.onLost?.(node.id)
  }

  async function stopAll(): Promise<void> {
    const all = [...running.values()]
    running.clear()
    // All at once: one after the other, each would wait to hand its partitions to those that go next.
    await Promise.all(all.map(one => one.stop()))
    if (options.temporary === true) await rm(options.directory, { recursive: true, force: true })
  }

  const nodeOf = (broker: number): Node => {
    const node = nodes.find(one => one.id === broker)
    if (node === undefined) throw new RangeError(`there is no broker ${broker}; they are numbered from 1 to ${brokersCount}`)
    return node
  }
  const pidOf = (broker: number): number => {
    const process = running.get(nodeOf(broker).id)
    if (process === undefined) throw new Error(`broker ${broker} does not run`)
    return process.pid
  }

  await Promise.all(nodes.map(spawn))
  try {
    await untilWhole(nodes, nodes.length, starting.promise)
  } catch (error) {
    stopping = stopAll()
    await stopping
    throw error
  }
  return {
    brokers: nodes.map(addressOf),
    async kill(broker) {
      const process = running.get(nodeOf(broker).id)
      if (process === undefined) return
      running.delete(broker)
      signal(process.pid, 'SIGKILL')
      await waitUntilGone(process.pid, killMs)
    },
    async start(broker) {
      if (running.has(nodeOf(broker).id)) return
      await spawn(nodeOf(broker))
      const gone = running.get(broker)?.ended.then(() => broker) ?? Promise.resolve(broker)
      await untilWhole(
        nodes.filter(node => running.has(node.id)),
        running.size,
        gone,
      )
    },
    pause: broker => signalFamily(pidOf(broker), 'SIGSTOP'),
    resume: broker => signalFamily(pidOf(broker), 'SIGCONT'),
    pid: broker => running.get(nodeOf(broker).id)?.pid ?? null,
    stop: () => (stopping ??= stopAll()),
  }
}

const addressOf = (node: Node): string => `127.0.0.1:${node.port}`

/** The brokers of a cluster in this directory, on these ports. */
export function nodesOn(directory: string, ports: readonly number[]): readonly Node[] {
  if (ports.length !== portsCount) throw new RangeError(`Kafka needs ${portsCount} ports, not ${ports.length}`)
  return Array.from({ length: brokersCount }, (_, index) => ({
    id: index + 1,
    port: ports[index] as number,
    controllerPort: ports[brokersCount + index] as number,
    directory: join(directory, `broker-${index + 1}`),
  }))
}

/** The same over every start: storage that was formatted for another cluster is refused. */
async function clusterIdOf(directory: string): Promise<string> {
  const file = join(directory, 'cluster-id')
  const kept = await readFile(file, 'utf8').catch(() => '')
  if (kept.trim() !== '') return kept.trim()
  const made = randomBytes(16).toString('base64url')
  await writeFile(file, `${made}\n`)
  return made
}

/** Resolves when each of the nodes says that all of them are there. */
async function untilWhole(nodes: readonly Node[], count: number, lost: Promise<number>): Promise<void> {
  const until = Date.now() + startTimeoutMs
  for (const node of nodes) {
    for (;;) {
      const seen = await Promise.race([brokersSeenBy(node), lost.then(id => ({ gone: id }))])
      if (typeof seen !== 'number') throw await startFailure(nodes.find(one => one.id === seen.gone) ?? node, 'has ended')
      if (seen >= count) break
      if (Date.now() >= until) throw await startFailure(node, `knows ${seen} of ${count} brokers after ${startTimeoutMs / 1000} s`)
      await new Promise(resolve => setTimeout(resolve, lookMs))
    }
  }
}

async function startFailure(node: Node, what: string): Promise<Error> {
  const file = logFileOf(node)
  return new Error(`Kafka broker ${node.id} ${what}. The end of ${file}:\n${await lastLines(file)}`)
}

/** How many brokers it says that there are; 0 while it does not answer. */
async function brokersSeenBy(node: Node): Promise<number> {
  const admin = new Admin({
    clientId: 'sandbox',
    bootstrapBrokers: [addressOf(node)],
    connectTimeout: askMs,
    timeout: askMs,
    retries: 0,
    autocreateTopics: false,
  })
  try {
    return (await admin.metadata({ topics: [] })).brokers.size
  } catch {
    // It starts.
    return 0
  } finally {
    await admin.close()
  }
}

/** Ports that are free at once; each is given back only when all are known, so that none comes twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const probes = Array.from({ length: count }, () => createServer())
  await Promise.all(probes.map(probe => new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))))
  const ports = probes.map(probe => (probe.address() as AddressInfo).port)
  await Promise.all(probes.map(probe => new Promise(resolve => probe.close(resolve))))
  return ports
}
