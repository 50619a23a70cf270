import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'

/** Whether nothing listens on that port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

/** Who listens on a port, as `node (process 4711)`; null if this user cannot find out. */
export async function portHolder(port: number): Promise<string | null> {
  return process.platform === 'linux' ? holderOnLinux(port) : holderByLsof(port)
}

async function holderOnLinux(port: number): Promise<string | null> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(file => readFile(file, 'utf8').catch(() => '')))
  const listening = '0A'
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = tables
    .flatMap(table => table.split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) === true && state === listening)
    .map(fields => `socket:[${fields[9] ?? ''}]`)
  if (sockets.length === 0) return null
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    if (!(await holds(pid, sockets))) continue
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a program')
    return `${name.trim()} (process ${pid})`
  }
  return null
}

async function holds(pid: string, sockets: readonly string[]): Promise<boolean> {
  // Processes of other users do not show what they hold.
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const targets = await Promise.all(descriptors.map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return targets.some(target => sockets.includes(target))
}

function holderByLsof(port: number): Promise<string | null> {
  return new Promise(resolve => {
    execFile('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], (error, stdout) => {
      const pid = /^p(\d+)$/m.exec(stdout)?.[1]
      const name = /^c(.+)$/m.exec(stdout)?.[1]
      resolve(error === null && pid !== undefined ? `${name ?? 'a program'} (process ${pid})` : null)
    })
  })
}
