import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../folder.ts'
import { commandOf, signal, waitUntilGone } from '../process-identity.ts'
import { watchOverBroker } from './watchdog.ts'

const stopTimeoutMs = 5_000
const formatTimeoutMs = 120_000
const logBytesMax = 10_000_000
const logging = fileURLToPath(new URL('log4j2.properties', import.meta.url))

/** Small on purpose: three of them, a PostgreSQL and nine processes share one machine. */
const java = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${logging}`]

/** One of the cluster: its number from 1, where it listens, and the folder of its data. */
export interface Node {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly directory: string
}

/** A broker that runs. */
export interface BrokerProcess {
  readonly pid: number
  /** Resolves when it is gone, for whatever reason. */
  readonly ended: Promise<void>
  /** Stops it in order, or by force when it takes too long. */
  stop(): Promise<void>
}

const settingsOf = (node: Node, all: readonly Node[]): Readonly<Record<string, string | number>> => ({
  'process.roles': 'broker,controller',
  'node.id': node.id,
  'controller.quorum.voters': all.map(one => `${one.id}@127.0.0.1:${one.controllerPort}`).join(','),
  listeners: `BROKER://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
  'advertised.listeners': `BROKER://127.0.0.1:${node.port}`,
  'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'BROKER',
  'controller.listener.names': 'CONTROLLER',
  'log.dirs': join(node.directory, 'data'),
  // What a log of facts needs: on every machine, acknowledged by two of three, and never made by accident.
  'default.replication.factor': all.length,
  'min.insync.replicas': 2,
  'auto.create.topics.enable': 'false',
  'unclean.leader.election.enable': 'false',
  'offsets.topic.replication.factor': all.length,
  'offsets.topic.num.partitions': 3,
  'transaction.state.log.replication.factor': all.length,
  'transaction.state.log.min.isr': 2,
  'transaction.state.log.num.partitions': 3,
  'share.coordinator.state.topic.replication.factor': all.length,
  'share.coordinator.state.topic.min.isr': 2,
  'share.coordinator.state.topic.num.partitions': 3,
  'log.retention.hours': 48,
  // A broker that was killed is given up after this long, and appends go on without it.
  'broker.session.timeout.ms': 6000,
  'broker.heartbeat.interval.ms': 1000,
  'group.initial.rebalance.delay.ms': 0,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'log.cleaner.dedupe.buffer.size': 8_388_608,
  'log.index.size.max.bytes': 1_048_576,
})

const configurationOf = (node: Node): string => join(node.directory, 'server.properties')
const pidFileOf = (node: Node): string => join(node.directory, 'broker.pid')
export const logFileOf = (node: Node): string => join(node.directory, 'server.log')

/** Writes its configuration, and formats its storage when that is new. */
export async function prepare(jars: string, node: Node, all: readonly Node[], clusterId: string): Promise<void> {
  await makeFolder(node.directory)
  const lines = Object.entries(settingsOf(node, all)).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(configurationOf(node), lines.join(''), { mode: 0o600 })
  if (existsSync(join(node.directory, 'data', 'meta.properties'))) return
  await new Promise<void>((resolve, reject) => {
    execFile(
      'java',
      [...java, '-cp', `${jars}/*`, 'kafka.tools.StorageTool', 'format', '--cluster-id', clusterId, '--config', configurationOf(node)],
      { timeout: formatTimeoutMs },
      (error, stdout, stderr) =>
        error === null ? resolve() : reject(new Error(`the storage of broker ${node.id} cannot be formatted: ${stdout}${stderr}`.trim())),
    )
  })
}

/** Ends a broker that somebody who was killed left behind on these data. */
export async function stopLeftOver(node: Node): Promise<void> {
  const pid = Number(await readFile(pidFileOf(node), 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0) return
  // The number may be another program's by now.
  if ((await commandOf(pid))?.includes(configurationOf(node)) !== true) return
  await stopProcess(pid)
}

export async function spawnBroker(jars: string, node: Node): Promise<BrokerProcess> {
  const logFile = logFileOf(node)
  const size = await stat(logFile).then(
    one => one.size,
    () => 0,
  )
  if (size > logBytesMax) await truncate(logFile)
  const file = openSync(logFile, 'a', 0o600)
  try {
    // A process group of its own: Ctrl-C in the terminal is for us, and we stop it last.
    const child = spawn('java', [...java, '-cp', `${jars}/*`, 'kafka.Kafka', configurationOf(node)], {
      cwd: '/',
      stdio: ['ignore', file, file],
      detached: true,
    })
    child.unref()
    const { pid } = child
    const ended = new Promise<void>(resolve => {
      child.once('error', () => resolve())
      child.once('exit', () => resolve())
    })
    if (pid === undefined) throw new Error('cannot run java')
    await writeFile(pidFileOf(node), String(pid))
    const watchdog = watchOverBroker(pid, configurationOf(node))
    void ended.then(() => watchdog.dismiss())
    return { pid, ended, stop: () => stopProcess(pid) }
  } finally {
    closeSync(file)
  }
}

async function stopProcess(pid: number): Promise<void> {
  // One that was paused could not hear.
  signal(pid, 'SIGCONT')
  signal(pid, 'SIGTERM')
  if (await waitUntilGone(pid, stopTimeoutMs)) return
  signal(pid, 'SIGKILL')
  await waitUntilGone(pid, stopTimeoutMs)
}

export async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '(no log)')
  return text.trimEnd().split('\n').slice(-10).join('\n')
}
