import type { SandboxProcess } from '../api/contract.ts'
import type { Home } from '../home.ts'
import { recorded, writeRun } from './run-file.ts'

/** Keeps `run.json` true: what the next start must know if we are killed. */
export interface RunRecorder {
  /** Something has changed; it is written soon. */
  changed(): void
  write(): Promise<void>
  stop(): Promise<void>
}

export function openRunRecorder(home: Home, processes: () => readonly SandboxProcess[]): RunRecorder {
  const startedAt = new Date().toISOString()
  let writing: Promise<void> = Promise.resolve()
  let again = false
  let stopped = false

  async function writeNow(): Promise<void> {
    again = false
    const running = processes().flatMap(({ name, pid }) => (pid === null || name === 'postgres' ? [] : [recorded(name, pid)]))
    await writeRun(home, {
      supervisor: await recorded('supervisor', process.pid),
      first_port: home.firstPort,
      started_at: startedAt,
      processes: await Promise.all(running),
    })
  }

  function write(): Promise<void> {
    writing = writing.then(() => (stopped ? undefined : writeNow()))
    return writing
  }

  return {
    changed() {
      // One write at a time; changes meanwhile are covered by the next.
      if (again) return
      again = true
      // A disk that is full takes nothing from the system that runs; the children end with our pipe anyway.
      write().catch((error: Error) => console.error(`cannot write ${home.runFile}: ${error.message}`))
    },
    write,
    async stop() {
      stopped = true
      await writing.catch(() => undefined)
    },
  }
}
