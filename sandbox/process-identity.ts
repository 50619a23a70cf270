import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'

/**
 * Whether a process of that number runs. A zombie counts as gone: in a container without a reaper the
 * orphans of a killed supervisor stay zombies for ever, and nothing more will come of them.
 */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (process.platform !== 'linux') return true
  const stat = await statOf(pid)
  return stat !== null && !/^[ZX]/.test(stat)
}

/**
 * What tells this process from a later one of the same number: when it started. Null if it is gone or
 * the platform does not say; a process without an identity must not be ended on the word of a file.
 */
export async function identityOf(pid: number): Promise<string | null> {
  if (process.platform === 'win32') return null
  if (process.platform !== 'linux') return output('ps', ['-o', 'lstart=', '-p', String(pid)])
  const stat = await statOf(pid)
  if (stat === null || /^[ZX]/.test(stat)) return null
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  // Counted from the state, the start time is the twentieth field of /proc/<pid>/stat.
  return `${boot}:${stat.split(' ')[19] ?? ''}`
}

/** The command line of a process, or null if it is gone or not ours to see. */
export async function commandOf(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return output('ps', ['-o', 'command=', '-p', String(pid)])
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line === '' ? null : line.split('\0').join(' ').trim()
}

/** The direct children of a process: PostgreSQL's sessions are in groups of their own, and can only be found so. */
export async function childrenOf(pid: number): Promise<number[]> {
  if (process.platform !== 'linux') return ((await output('pgrep', ['-P', String(pid)])) ?? '').split('\n').filter(Boolean).map(Number)
  const numbers = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const stats = await Promise.all(numbers.map(async number => ({ number, stat: await statOf(number) })))
  return stats.filter(({ stat }) => stat?.split(' ')[1] === String(pid)).map(({ number }) => number)
}

/** Sends a signal; a process that is gone already is as good as one that got it. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Stops or continues a process together with its children. */
export async function signalFamily(pid: number, name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  // The parent first when it stops, so that it makes no more of them.
  signal(pid, name)
  for (const child of await childrenOf(pid)) signal(child, name)
}

/** Waits until the process is gone; false when it is still there after `timeoutMs`. */
export async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const until = Date.now() + timeoutMs
  while (await isAlive(pid)) {
    if (Date.now() >= until) return false
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return true
}

/** `/proc/<pid>/stat` from the state on: the name before it may hold blanks and brackets. */
async function statOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2)
}

function output(file: string, args: string[]): Promise<string | null> {
  return new Promise(resolve => {
    execFile(file, args, (error, stdout) => resolve(error === null && stdout.trim() !== '' ? stdout.trim() : null))
  })
}
