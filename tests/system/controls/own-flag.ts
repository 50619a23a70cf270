// A control, known to be wrong: each instance acts by a flag of its own, which it reads now and then, and forgets what
// comes by the other route. Nothing is stamped as far as it is concerned, and nothing is parked.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Handler } from 'cutover/receive/handler'
import { runService } from 'cutover/service'
import { bonuses } from '../../../school/bonuses/service.ts'

// The test writes the route it has just chosen into the system's home.
const file = join(dirname(dirname(process.env['PRIVATE_KEY_FILE'] ?? '')), 'flag')
const instance = Number(process.env['INSTANCE'] ?? 1)
let flag = 'http'
setInterval(() => {
  flag = readFileSync(file, 'utf8')
}, 300 * instance)

await runService({
  ...bonuses,
  build(context) {
    const parts = bonuses.build(context)
    const right = parts.handlers['COMM-040'] as Handler
    const wrong: Handler = {
      ...right,
      async apply(effects, tx) {
        const mine = effects.filter(one => one.message.stamps['COMM-040']?.route === flag)
        const applied = await right.apply(mine, tx)
        return effects.map(one => applied[mine.indexOf(one)] ?? { outcome: 'done' })
      },
    }
    return { ...parts, handlers: { ...parts.handlers, 'COMM-040': wrong } }
  },
})
