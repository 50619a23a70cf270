import { Problem } from 'cutover/failure'
import type { CheckVerdict } from '../api/contract.ts'
import type { Call, Directory } from './directory.ts'
import { amount, list, object, text } from './fields.ts'

const call: Call = { method: 'GET', path: '/operator/checks', deadlineMs: 60_000 }

/** What these services find out about their own books. Throws when one does not say it. */
export async function askChecks(services: readonly string[], directory: Directory): Promise<readonly CheckVerdict[]> {
  const all: CheckVerdict[] = []
  for (const service of services) all.push(...readChecks(service, await askOne(service, directory)))
  return all
}

/** An instance of an older build beside this one may not know the question: one that does is enough. */
async function askOne(service: string, directory: Directory): Promise<unknown> {
  try {
    return await directory.ask(service, call)
  } catch (error) {
    const unknown = error instanceof Problem && error.extensions['service_status'] === 404
    const told = unknown ? (await directory.askEach(service, call)).find(one => 'answer' in one) : undefined
    if (told === undefined) throw error
    return told.answer
  }
}

const readChecks = (service: string, answer: unknown): readonly CheckVerdict[] =>
  list(object(answer, 'answer').checks, 'checks').map((item, at) => {
    const row = object(item, `checks/${at}`)
    return {
      service,
      check: text(row.check, `checks/${at}/check`),
      counted: amount(row.counted, `checks/${at}/counted`),
      open: amount(row.open, `checks/${at}/open`),
      wrong: amount(row.wrong, `checks/${at}/wrong`),
      samples: list(row.samples, `checks/${at}/samples`).map((sample, n) => text(sample, `checks/${at}/samples/${n}`)),
    }
  })
