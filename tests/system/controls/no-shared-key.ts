// A control, known to be wrong: every delivery is booked under a key of its own, as if the message were the effect. The
// second net, one outcome per task and candidate, is taken away as well.
import { randomUUID } from 'node:crypto'
import { type Handler } from 'cutover/receive/handler'
import { runService } from 'cutover/service'
import type { Entry } from '../../../school/bonuses/ledger/ledger.ts'
import { bonuses } from '../../../school/bonuses/service.ts'

await runService({
  ...bonuses,
  build(context) {
    const parts = bonuses.build(context)
    void context.database.query('drop index if exists ledger_outcome')
    const right = parts.handlers['COMM-040'] as Handler
    const wrong: Handler = {
      ...right,
      apply: (effects, tx) =>
        right.apply(
          effects.map(one => ({ ...one, effect: { ...(one.effect as Entry), businessKey: `${one.message.businessKey}:${randomUUID()}` } })),
          tx,
        ),
    }
    return { ...parts, handlers: { ...parts.handlers, 'COMM-040': wrong } }
  },
})
