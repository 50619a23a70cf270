// The engine of the school, which kills itself with -9 at every durable write of a run: right before the commit of one,
// right after that of the next. Where it has died is kept in a file, so that the engine that comes after it, at once,
// gets further.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runEngine } from '@cutover/engine/engine'
import type { Database, Tx } from 'cutover/database'
import { events } from '../../school/contracts/events.ts'
import { links } from '../../school/contracts/links.ts'
import { expectations } from '../../school/operations/expectations.ts'
import { changes, planFor } from '../../school/plans/plans.ts'

const file = join(dirname(process.env['OPERATOR_TOKEN_FILE'] ?? ''), 'engine-deaths')
const deaths = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [])

function dieOnce(place: string): void {
  if (deaths.has(place)) return
  appendFileSync(file, `${place}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** A write of a run begins by making sure that the run stands where it was seen: by that it is known, and named. */
const isWrite = (text: string): boolean => text.startsWith('select from run where number = $1 and version = $2')

/** Every change of a run raises its version, by one. */
const isOdd = (write: string): boolean => Number(write.split('/')[1]) % 2 === 1

const mortal = (database: Database): Database => ({
  ...database,
  async transaction(work, begin) {
    let write: string | undefined
    const result = await database.transaction(async tx => {
      const watched: Tx = {
        query(text, values) {
          if (isWrite(text)) write = (values ?? []).join('/')
          return tx.query(text, values)
        },
      }
      const done = await work(watched)
      if (write !== undefined && isOdd(write)) dieOnce(`before ${write}`)
      return done
    }, begin)
    if (write !== undefined && !isOdd(write)) dieOnce(`after ${write}`)
    return result
  },
})

/** Starts one after the other, each as soon as the one before has killed itself. Told to stop, it stops with the last. */
function raiseTheDead(first: boolean): void {
  const { CUTOVER_READY_FD: readyFd = '', ...environment } = process.env
  const child = spawn(process.execPath, process.argv.slice(1), {
    env: { ...environment, ...(first ? { CUTOVER_READY_FD: readyFd } : {}), CUTOVER_MORTAL: '1' },
    stdio: ['inherit', 'inherit', 'inherit', first ? 3 : 'ignore'],
  })
  const pass = (): void => void child.kill('SIGTERM')
  process.on('SIGTERM', pass)
  child.on('exit', (code, signal) => {
    process.off('SIGTERM', pass)
    if (signal === 'SIGKILL') raiseTheDead(false)
    else process.exit(code ?? 1)
  })
}

if (process.env['CUTOVER_MORTAL'] === '1') await runEngine({ links, events, planFor, changes, expectations, ledger: 'bonuses' }, mortal)
else raiseTheDead(true)
