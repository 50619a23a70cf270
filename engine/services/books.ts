import { type LinkContract, mayBeDirect } from 'cutover/contract'
import { systemClock } from 'cutover/process/clock'
import type { CopyBooks } from '../verify/copies.ts'
import type { Books } from '../verify/verify.ts'
import { readCarried, readPage, readReceipts, readRows, readSwitch } from './answers.ts'
import { readReading } from './data-answers.ts'
import { readDirectWaiting } from './refill-answers.ts'
import { countDraining } from '../world/draining.ts'
import type { Directory } from './directory.ts'

const deadlineMs = 30_000
/** Between two looks at what a direct link may have lost. */
const betweenLooksMs = 500

const switchCall = ({ id }: LinkContract) => ({ method: 'GET', path: `/operator/switches/${id}`, deadlineMs }) as const

/** The books of one link over the operator interfaces of its two services. */
export function booksOf(link: LinkContract, directory: Directory): Books {
  const page = (service: string, side: 'fact' | 'effect') => async (after: string | null, limit: number) => {
    const query = new URLSearchParams({ limit: String(limit), ...(after === null ? {} : { after }) })
    return readPage(
      await directory.ask(service, { method: 'GET', path: `/operator/audits/${link.id}/${side}?${query.toString()}`, deadlineMs }),
    )
  }
  const find = (service: string, side: 'fact' | 'effect') => async (keys: readonly string[]) =>
    readRows(await directory.ask(service, { method: 'POST', path: `/operator/audits/${link.id}/${side}/find`, body: { keys }, deadlineMs }))
  return {
    effects: page(link.to, 'effect'),
    facts: page(link.from, 'fact'),
    findEffects: find(link.to, 'effect'),
    findFacts: find(link.from, 'fact'),
    receipts: async facts =>
      readReceipts(
        await directory.ask(link.to, { method: 'POST', path: '/operator/receipts', body: { link: link.id, facts }, deadlineMs }),
      ),
    carried: async facts =>
      readCarried(await directory.ask(link.from, { method: 'POST', path: '/operator/open', body: { link: link.id, facts }, deadlineMs })),
  }
}

/**
 * The rows of a data link on both sides, with how many of the owner's words are not known to have arrived; of a direct
 * link those too that its instances hold in memory.
 */
export const copyBooksOf = (link: LinkContract, directory: Directory, direct = false): CopyBooks => ({
  ...booksOf(link, directory),
  async onTheirWay() {
    const ask = (service: string, path: string, body?: object): Promise<unknown> =>
      directory.ask(service, { method: body === undefined ? 'GET' : 'POST', path, deadlineMs, ...(body === undefined ? {} : { body }) })
    const { outstanding } = await countDraining(ask, link, 'event')
    return outstanding + (direct ? await waitingIn(link, directory) : 0)
  },
  ...(direct ? { direct: { wait: () => systemClock.sleep(betweenLooksMs) } } : {}),
})

async function waitingIn({ from }: LinkContract, directory: Directory): Promise<number> {
  const all = await directory.askEach(from, { method: 'GET', path: '/operator/status', deadlineMs })
  // What an instance held that is away now may be lost: it is on nobody's way.
  return all.reduce((sum, one) => sum + ('away' in one ? 0 : readDirectWaiting(one.answer)), 0)
}

/** The data links whose copies reads are answered from, or compared with. */
export async function copiesInUse(
  links: readonly LinkContract[],
  directory: Directory,
): Promise<readonly { readonly link: string; readonly books: CopyBooks }[]> {
  const all = await Promise.all(
    links
      .filter(link => link.kind === 'data')
      .map(async link => {
        const call = { method: 'GET', path: `/operator/readings/${link.id}`, deadlineMs } as const
        // An instance of an older build beside this one may not know the question: one that does is enough.
        const told = (await directory.askEach(link.to, call)).find(one => 'answer' in one)
        const reading = readReading(told === undefined ? await directory.ask(link.to, call) : told.answer)
        if (reading.answers !== 'replica' && !reading.compares) return []
        const direct = mayBeDirect(link) && readSwitch(await directory.ask(link.from, switchCall(link))).direct === true
        return [{ link: link.id, books: copyBooksOf(link, directory, direct) }]
      }),
  )
  return all.flat()
}
