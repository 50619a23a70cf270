// The engine of the school, which kills itself with -9 around every durable write of a run: right before the commit of
// each, the first time, and right after it, the second. What it has done by then is kept in a file, so that the engine
// that comes after it gets one write further.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runEngine } from '@cutover/engine/engine'
import type { Database, Tx } from 'cutover/database'
import { events } from '../../school/contracts/events.ts'
import { links } from '../../school/contracts/links.ts'
import { expectations } from '../../school/operations/expectations.ts'
import { plans } from '../../school/plans/plans.ts'

const file = join(dirname(process.env['OPERATOR_TOKEN_FILE'] ?? ''), 'engine-deaths')
const deaths = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [])

function dieOnce(place: string): void {
  if (deaths.has(place)) return
  appendFileSync(file, `${place}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** A write of a run begins by making sure that the run stands where it was seen: by that it is known, and named. */
const isWrite = (text: string): boolean => text.startsWith('select from run where number = $1 and version = $2')

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
      if (write !== undefined) dieOnce(`before ${write}`)
      return done
    }, begin)
    if (write !== undefined) dieOnce(`after ${write}`)
    return result
  },
})

await runEngine({ links, events, plans, expectations, ledger: 'bonuses' }, mortal)
