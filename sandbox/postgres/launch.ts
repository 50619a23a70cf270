import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { as } from './account.ts'
import type { Cluster } from './cluster.ts'
import { answers, stopPostmaster } from './postmaster.ts'

const startTimeoutMs = 60_000

/** A server that runs, ours or adopted. */
export interface Server {
  readonly pid: number
  readonly port: number
  /** Resolves when it is gone, for whatever reason. */
  readonly ended: Promise<void>
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Without details: they quote values of rows, and those do not belong in a log.
  log_error_verbosity: 'terse',
}

export interface Launch {
  readonly cluster: Cluster
  readonly port: number
  readonly logFile: string
  /** How long a server that ends at once is tried again: after a crash its sessions need a moment to notice. */
  readonly retryMs: number
}

/** Starts the server and waits until it answers. */
export async function launch({ cluster, port, logFile, retryMs }: Launch): Promise<Server> {
  const until = Date.now() + startTimeoutMs
  const retryUntil = Date.now() + retryMs
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  for (;;) {
    const server = spawnServer(cluster, port, flags, logFile)
    const outcome = await answerOrEnd(server, cluster, until)
    if (outcome === 'answers') return server
    if (outcome === 'silent') await stopPostmaster(server.pid, cluster)
    if (outcome === 'silent' || Date.now() >= retryUntil || !(await isFree(port))) break
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  throw new Error(
    `PostgreSQL does not start on port ${port} with the data in ${cluster.data}. The end of ${logFile}:\n${await lastLines(logFile)}`,
  )
}

async function answerOrEnd(server: Server, cluster: Cluster, until: number): Promise<'answers' | 'ended' | 'silent'> {
  const ended = server.ended.then(() => 'ended' as const)
  while (Date.now() < until) {
    const seen = await Promise.race([ended, answers(cluster, server.port).then(yes => (yes ? ('answers' as const) : null))])
    if (seen !== null) return seen
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return 'silent'
}

function spawnServer(cluster: Cluster, port: number, flags: readonly string[], logFile: string): Server {
  const file = openSync(logFile, 'a', 0o600)
  try {
    // A process group of its own: Ctrl-C in the terminal is for us, and we stop it last.
    const child = spawn(cluster.binaries.postgres, ['-D', cluster.data, ...flags], {
      ...as(cluster.account),
      cwd: '/',
      stdio: ['ignore', file, file],
      detached: true,
    })
    child.unref()
    if (child.pid === undefined) throw new Error(`cannot run ${cluster.binaries.postgres}`)
    const ended = new Promise<void>(resolve => {
      child.once('error', () => resolve())
      child.once('exit', () => resolve())
    })
    return { pid: child.pid, port, ended }
  } finally {
    closeSync(file)
  }
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '(no log)')
  return text.trimEnd().split('\n').slice(-10).join('\n')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
