import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { commandOf, isAlive, signal, signalFamily, waitUntilGone } from '../process-identity.ts'
import { administrator, type Cluster } from './cluster.ts'

const fastStopMs = 15_000
const immediateStopMs = 5_000

/** What `postmaster.pid` says of the server that last ran on these data. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
}

/** The server that is named in the data directory and still runs, or null. What a dead one left behind is repaired. */
export async function livePostmaster(data: string): Promise<Postmaster | null> {
  const file = join(data, 'postmaster.pid')
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!Number.isInteger(pid) || pid <= 1) {
    // Torn while it was being written. PostgreSQL would refuse to start on it.
    if (lines.length > 1 || lines[0] !== '') await rm(file, { force: true })
    return null
  }
  // A dead one's file is left to PostgreSQL, which reads in it whether its sessions are still writing.
  if (!(await isAlive(pid))) return null
  const command = await commandOf(pid)
  if (command !== null && command.includes('postgres') && command.includes(data)) return { pid, port }
  // By now the number belongs to somebody else, and PostgreSQL would refuse to start because of him.
  await rm(file, { force: true })
  return null
}

/** The address of a database for the administrator. */
export const administratorUrl = (port: number, password: string, database = 'postgres'): string =>
  `postgres://${administrator}:${password}@127.0.0.1:${port}/${database}`

/** Whether a server answers on that port and it is the one of this cluster. Starting, stopping or foreign: false. */
export async function answers(cluster: Cluster, port: number): Promise<boolean> {
  const client = new pg.Client({ connectionString: administratorUrl(port, cluster.password), connectionTimeoutMillis: 2_000 })
  // Reported by the calls as well; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ data: string }>(`select current_setting('data_directory') as data`)
    return rows[0]?.data === cluster.data
  } catch {
    // Whatever the reason, it does not answer now; the caller decides how long to go on asking.
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Stops the server: first so that it ends its sessions and writes everything out, then at once. */
export async function stopPostmaster(pid: number, cluster: Cluster): Promise<void> {
  if (process.platform === 'win32') return stopOnWindows(cluster)
  await signalFamily(pid, 'SIGCONT')
  for (const [name, timeoutMs] of [
    ['SIGINT', fastStopMs],
    ['SIGQUIT', immediateStopMs],
  ] as const) {
    signal(pid, name)
    if (await waitUntilGone(pid, timeoutMs)) return
  }
  throw new Error(`PostgreSQL (process ${pid}) did not stop within ${(fastStopMs + immediateStopMs) / 1000} s. End it with: kill -9 ${pid}`)
}

function stopOnWindows({ binaries, data }: Cluster): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(binaries.pgCtl, ['stop', '-D', data, '-m', 'fast', '-w'], { timeout: fastStopMs }, error => {
      if (error === null) resolve()
      else reject(new Error(`PostgreSQL did not stop: ${error.message}`, { cause: error }))
    })
  })
}
