import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { signal, waitUntilGone } from '../process-identity.ts'

const killedWithinMs = 5_000

export interface ChildOptions {
  readonly file: string
  readonly environment: Readonly<Record<string, string>>
  readonly logFile: string
  readonly readyTimeoutMs: number
}

/** A process of ours. It ends when our end of its pipe closes, so it cannot outlive us. */
export interface Child {
  readonly pid: number
  /** Its address, when it says that it is ready. Rejects if it ends before, or takes too long. */
  readonly ready: Promise<string>
  /** How it ended, in words. */
  readonly ended: Promise<string>
  /** Asks it to stop, and ends it after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>
}

export function spawnChild(options: ChildOptions): Child {
  const log = openSync(options.logFile, 'a', 0o600)
  try {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', options.file], {
      env: { ...inherited(), ...options.environment, CUTOVER_PARENT_PIPE: '1', CUTOVER_READY_FD: '3' },
      stdio: ['pipe', log, log, 'pipe'],
      // Its own process group: Ctrl-C in the terminal is for us, and we stop it in its turn.
      detached: true,
    })
    const { pid, stdin } = child
    if (pid === undefined || stdin === null) throw new Error(`cannot run ${process.execPath} ${options.file}`)
    // Writing to a process that has ended is no news: its end is reported below.
    stdin.on('error', () => undefined)
    const ended = new Promise<string>(resolve => {
      child.once('error', error => resolve(error.message))
      child.once('exit', (code, name) => resolve(name === null ? `ended with code ${code}` : `ended by ${name}`))
    })
    const ready = readyLine(child.stdio[3] as Readable, ended, options.readyTimeoutMs)
    return { pid, ready, ended, stop: timeoutMs => stop(pid, timeoutMs) }
  } finally {
    closeSync(log)
  }
}

/** What every process gets of our environment: not the settings of this system, which are given on purpose. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CUTOVER_') && name !== 'NODE_TEST_CONTEXT'))
}

async function readyLine(stream: Readable, ended: Promise<string>, timeoutMs: number): Promise<string> {
  const lines = createInterface({ input: stream })
  const said = new Promise<string>((resolve, reject) => {
    lines.once('line', line => {
      try {
        resolve((JSON.parse(line) as { url?: string }).url ?? '')
      } catch (error) {
        reject(new Error(`said "${line.slice(0, 200)}" where it should say that it is ready`, { cause: error }))
      }
    })
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`was not ready after ${timeoutMs / 1000} s`)), timeoutMs)
  })
  const early = ended.then(how => Promise.reject(new Error(how)))
  try {
    return await Promise.race([said, early, late])
  } finally {
    clearTimeout(timer)
    lines.close()
    stream.resume()
  }
}

async function stop(pid: number, timeoutMs: number): Promise<void> {
  // A paused process would not hear it.
  signal(pid, 'SIGCONT')
  // Our end of its pipe stays open: closed, it would say that we are gone, and might be heard first.
  signal(pid, 'SIGTERM')
  if (await waitUntilGone(pid, timeoutMs)) return
  signal(pid, 'SIGKILL')
  await waitUntilGone(pid, killedWithinMs)
}
