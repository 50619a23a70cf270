import { readFile, rm } from 'node:fs/promises'
import { exitCodes, StartRefused, type Home } from '../home.ts'
import { writePrivate } from '../private-file.ts'
import { identityOf, signal, waitUntilGone } from '../process-identity.ts'

const endsByItselfMs = 5_000
const endsWhenAskedMs = 5_000

/** A process as it was recorded: the number alone may by now be somebody else's. */
export interface RecordedProcess {
  readonly name: string
  readonly pid: number
  readonly identity: string | null
}

/** `run.json`: what runs from this home. */
export interface RunRecord {
  readonly supervisor: RecordedProcess
  readonly first_port: number
  readonly started_at: string
  readonly processes: readonly RecordedProcess[]
}

/** Refuses when a supervisor runs from this home; ends what a killed one left behind. PostgreSQL is left to be adopted. */
export async function takeOver(home: Home, report: (line: string) => void): Promise<void> {
  const record = await readRun(home.runFile)
  if (record === null) return
  if (await isSame(record.supervisor)) {
    throw new StartRefused(
      `${home.directory} is in use: it runs already, as process ${record.supervisor.pid} on port ${record.first_port}. Stop it with "kill ${record.supervisor.pid}", or set CUTOVER_HOME and CUTOVER_PORT to have another beside it.`,
      exitCodes.unavailable,
    )
  }
  await Promise.all(record.processes.map(left => end(left, report)))
  await rm(home.runFile, { force: true })
}

/** Its pipe has closed, so it is about to end by itself; who cannot, because it hangs or was paused, is helped. */
async function end(left: RecordedProcess, report: (line: string) => void): Promise<void> {
  if (!(await isSame(left))) return
  signal(left.pid, 'SIGCONT')
  if (await waitUntilGone(left.pid, endsByItselfMs)) return
  report(`${left.name} (process ${left.pid}) was left over: ending it`)
  signal(left.pid, 'SIGTERM')
  if (await waitUntilGone(left.pid, endsWhenAskedMs)) return
  if (await isSame(left)) signal(left.pid, 'SIGKILL')
  await waitUntilGone(left.pid, endsWhenAskedMs)
}

/** Whether that very process still runs. Without a recorded identity nobody is accused. */
const isSame = async ({ pid, identity }: RecordedProcess): Promise<boolean> => identity !== null && identity === (await identityOf(pid))

export async function recorded(name: string, pid: number): Promise<RecordedProcess> {
  return { name, pid, identity: await identityOf(pid) }
}

export const writeRun = (home: Home, record: RunRecord): Promise<void> => writePrivate(home.runFile, `${JSON.stringify(record, null, 2)}\n`)

export const forgetRun = (home: Home): Promise<void> => rm(home.runFile, { force: true })

async function readRun(file: string): Promise<RunRecord | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    return JSON.parse(text) as RunRecord
  } catch (error) {
    throw new StartRefused(
      `${file} is damaged (${(error as Error).message}). If nothing runs from this directory, delete the file.`,
      exitCodes.cannotCreate,
      {
        cause: error,
      },
    )
  }
}
