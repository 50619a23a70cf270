import { existsSync } from 'node:fs'
import { realpath, rm, stat, truncate } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { isAbsolute, join } from 'node:path'
import { isAlive, signalFamily } from '../process-identity.ts'
import { openCluster, type Cluster } from './cluster.ts'
import { dropDatabase, ensureDatabase, ownerUrl } from './databases.ts'
import { launch, type Server } from './launch.ts'
import { administratorUrl, answers, livePostmaster, stopPostmaster } from './postmaster.ts'
import { watchOver } from './watchdog.ts'

const adoptTimeoutMs = 30_000
const logBytesMax = 10_000_000

export interface PostgresOptions {
  /** Holds everything of this server: data, password, log. Made if absent. */
  readonly directory: string
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number
  /** Told in sentences what happens: made, adopted, repaired. */
  readonly log?: (line: string) => void
  /** The directory is deleted when the server ends with this process. For tests. */
  readonly temporary?: boolean
}

/** A PostgreSQL server of our own that runs. It ends when this process does, unless `release` was called. */
export interface Postgres {
  readonly pid: number
  readonly port: number
  /** Whether it ran already, left behind by somebody who was killed. */
  readonly adopted: boolean
  readonly logFile: string
  /** The administrator's address, database `postgres`. */
  readonly adminUrl: string
  /** The address of a database for its owner. */
  url(database: string): string
  /** Makes the database and its owner if needed; answers with `url(name)`. */
  ensureDatabase(name: string): Promise<string>
  dropDatabase(name: string): Promise<void>
  /** Resolves when the server has ended, by `stop` or otherwise. */
  readonly ended: Promise<void>
  /** Ends its sessions and stops it. May be called twice. */
  stop(): Promise<void>
  /** Lets the server outlive this process; the next start adopts it. */
  release(): void
}

/**
 * Starts PostgreSQL on the directory, or adopts the server that runs there already. Rejects with the last
 * lines of its log when it cannot.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  if (!isAbsolute(options.directory)) throw new Error(`the directory of PostgreSQL must be absolute, not "${options.directory}"`)
  const log = options.log ?? (() => undefined)
  const opened = await openCluster(options.directory, log)
  // The server names its data by their real path, and so do we when we compare.
  const cluster = { ...opened, data: await realpath(opened.data) }
  const logFile = join(options.directory, 'server.log')
  await capLog(logFile)
  const port = options.port === 0 ? await freePort() : options.port
  const crashed = existsSync(join(cluster.data, 'postmaster.pid'))
  const adopted = await adopt(cluster, options.port, log)
  const running = adopted ?? (await launch({ cluster, port, logFile, retryMs: crashed ? 15_000 : 0 }))
  return handle(cluster, running, {
    logFile,
    adopted: adopted !== null,
    ...(options.temporary === true ? { remove: options.directory } : {}),
  })
}

/** Takes over a server that runs on these data. One on another port than is wanted, or one that does not answer, is stopped. */
async function adopt(cluster: Cluster, wantedPort: number, log: (line: string) => void): Promise<Server | null> {
  const until = Date.now() + adoptTimeoutMs
  for (;;) {
    const live = await livePostmaster(cluster.data)
    if (live === null) return null
    if (await answers(cluster, live.port)) {
      if (wantedPort !== 0 && live.port !== wantedPort) {
        log(`PostgreSQL (process ${live.pid}) runs on port ${live.port} instead of ${wantedPort}: stopping it first`)
        await stopPostmaster(live.pid, cluster)
        return null
      }
      log(`PostgreSQL (process ${live.pid}) was still running: adopted`)
      return { ...live, ended: untilGone(live.pid) }
    }
    if (Date.now() >= until) {
      log(`PostgreSQL (process ${live.pid}) does not answer: stopping it first`)
      await stopPostmaster(live.pid, cluster)
      return null
    }
    // It starts, recovers or stops; a stopped one (SIGSTOP) goes on.
    await signalFamily(live.pid, 'SIGCONT')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function handle(cluster: Cluster, server: Server, more: { logFile: string; adopted: boolean; remove?: string }): Postgres {
  const adminUrl = administratorUrl(server.port, cluster.password)
  const administration = { adminUrl, password: cluster.password }
  const watchdog = watchOver(server.pid, cluster.data, more.remove)
  void server.ended.then(() => watchdog.dismiss())
  let stopping: Promise<void> | undefined
  return {
    pid: server.pid,
    port: server.port,
    adopted: more.adopted,
    logFile: more.logFile,
    adminUrl,
    url: name => ownerUrl(administration, name),
    ensureDatabase: name => ensureDatabase(administration, name),
    dropDatabase: name => dropDatabase(administration, name),
    ended: server.ended,
    stop: () =>
      (stopping ??= stopPostmaster(server.pid, cluster).then(() =>
        more.remove === undefined ? undefined : rm(more.remove, { recursive: true, force: true }),
      )),
    release: () => watchdog.dismiss(),
  }
}

/** An adopted server is not our child, so its end is seen by looking. */
function untilGone(pid: number): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => void isAlive(pid).then(alive => (alive ? setTimeout(look, 250).unref() : resolve()))
    look()
  })
}

async function capLog(file: string): Promise<void> {
  const size = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  if (size > logBytesMax) await truncate(file)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
