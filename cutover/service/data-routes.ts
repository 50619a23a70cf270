import type { LinkContract } from '../contract/contract.ts'
import { type Ability, capability, isAble } from '../contract/capability.ts'
import { isTransient } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { HttpRequest, RouteDefinition } from '../http/server.ts'
import type { OpenReader } from '../reading/reader.ts'
import { type ReadingOrder, turnReading } from '../reading/switch.ts'
import type { SourceDefinition } from '../snapshot/source.ts'
import { underTerm } from '../switch/switch.ts'
import type { Stores } from './stores.ts'

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const term = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})

export interface DataRoutesOptions {
  readonly service: string
  readonly links: readonly LinkContract[]
  readonly stores: Stores
  readonly readers: ReadonlyMap<string, OpenReader>
  readonly sources: readonly SourceDefinition[]
  /** Told after the reading switch was turned, so that the other instances read it at once. */
  readonly turned: () => void
}

/** What the plans of data links see and order: where reads are answered from, the copy, and the snapshot. */
export function dataRoutes({ service, stores, readers, sources, turned }: DataRoutesOptions): RouteDefinition[] {
  const operator = { policy: 'operator', tags: ['operator'] } as const
  const params = closed({ link: id })

  function readerOf(link: string | undefined): OpenReader {
    const reader = readers.get(link ?? '')
    if (reader === undefined) throw new Problem('link_unknown', { detail: `${service} reads nothing over ${link ?? ''}` })
    return reader
  }

  const readingOf = async (link: string): Promise<object> => {
    const { answers, compares, epoch } = (await stores.reading.all())[link] ?? {}
    const { store } = readerOf(link)
    // First who touched it: what is noted then counts for how long it has been quiet.
    const touches = await store.touches()
    const { state, rows, quietMs } = await store.state()
    return { answers, compares, epoch, copy: { state, rows, quiet_ms: quietMs, touches } }
  }

  function sourceOf(link: string | undefined): SourceDefinition {
    const source = sources.find(one => one.links[link ?? ''] !== undefined)
    if (source === undefined) throw new Problem('link_unknown', { detail: `${service} owns nothing that is read over ${link ?? ''}` })
    return source
  }

  /** Every live instance must be able to ask whom the switch will make it ask. */
  async function permit(tx: Parameters<typeof underTerm>[1], { link, answers, compares }: ReadingOrder): Promise<void> {
    const needed: Ability[] = [
      ...(answers === 'http' || compares ? (['call'] as const) : []),
      ...(answers === 'replica' || compares ? (['act'] as const) : []),
    ]
    const instances = await stores.consumer.instances(tx)
    for (const ability of needed) {
      const lacking = instances.filter(one => !isAble(one.capabilities, ability, link)).map(one => one.id)
      if (lacking.length === 0) continue
      const wanted = capability(ability, link)
      throw new Problem('capability_missing', {
        detail: `${lacking.join(', ')} of the reader: deploy with ${wanted} first. Nothing was turned`,
        extensions: { capability: wanted, instances: lacking },
      })
    }
    if (needed.includes('act') && (await readerOf(link).store.state()).state !== 'present')
      throw new Problem('copy_absent', { detail: `there is no copy of ${link} to read from. Nothing was turned` })
  }

  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/readings/{link}',
      operationId: 'operatorReading',
      summary: 'Where reads of a link are answered from, and how its copy stands, with whoever reached for it in quarantine.',
      params,
      handle: async ({ params: { link = '' } }) => ({ body: await readingOf((readerOf(link), link)) }),
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/readings',
      operationId: 'turnReading',
      repeats: { noKey: 'a switch that stands so already is not turned again, and a term that was overtaken is refused' },
      summary: 'Turns the reading switch of a link: who answers, and whether the other side is compared.',
      body: closed(
        { link: id, answers: { enum: ['http', 'replica'] }, compares: { type: 'boolean' }, term, dry_run: { type: 'boolean' } },
        ['link', 'answers', 'compares', 'term'],
      ),
      async handle(request) {
        const { dry_run: dryRun = false, ...order } = request.body as Omit<ReadingOrder, 'dryRun'> & { dry_run?: boolean }
        readerOf(order.link)
        const { reading, changed } = await turnReading(stores.reading, stores.switch, { ...order, dryRun }, permit)
        if (!dryRun && changed) turned()
        return { body: { link: order.link, ...reading, changed, dry_run: dryRun } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/readings/{link}/parity',
      operationId: 'operatorReadParity',
      summary: 'How compared reads came out since the switch was turned: equal, stale with by how long, different, missing, extra, failed.',
      params,
      async handle({ params: { link = '' } }) {
        readerOf(link)
        const { epoch = 0, compares = false } = (await stores.reading.all())[link] ?? {}
        return { body: { compares, epoch, ...(await stores.reading.totals(link, epoch)) } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/readings/{link}/mismatches',
      operationId: 'operatorMismatches',
      summary: 'Single reads that did not come out equal at once, newest first: keys and names of columns, never values.',
      params,
      async handle({ params: { link = '' } }) {
        readerOf(link)
        const { epoch = 0 } = (await stores.reading.all())[link] ?? {}
        return { body: await stores.reading.mismatches(link, epoch) }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/copies',
      operationId: 'orderCopy',
      repeats: { noKey: 'repeating the order changes nothing' },
      summary: 'Makes the copy of a link, puts it in quarantine, takes it out again, or drops it. Repeating it changes nothing.',
      body: closed({ link: id, do: { enum: ['create', 'quarantine', 'restore', 'drop'] }, term }),
      async handle(request: HttpRequest) {
        const order = request.body as { link: string; do: 'create' | 'quarantine' | 'restore' | 'drop'; term: number }
        const { store, reader } = readerOf(order.link)
        const work = stores.reading.transaction(async tx => {
          const reading = await stores.reading.lock(tx, order.link)
          await underTerm(stores.switch, tx, order.term)
          const used = reading?.answers === 'replica' || reading?.compares === true
          if (used && (order.do === 'quarantine' || order.do === 'drop'))
            throw new Problem('copy_in_use', {
              detail: `reads of ${reader.link} are answered from its copy, or compared with it. Nothing was done`,
            })
          await store[order.do](tx)
        })
        // Somebody has the table just now: nobody is made to queue behind this.
        await work.catch((cause: unknown) => {
          if (!isTransient(cause)) throw cause
          throw new Problem('unavailable', {
            detail: `the copy of ${reader.link} is in use just now. Nothing was done; try again`,
            retryable: true,
            cause,
          })
        })
        return { body: await readingOf(order.link) }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/snapshots/{link}',
      operationId: 'operatorSnapshot',
      summary: 'How far the telling of what was there before has come, and whether all of it is terminal.',
      params,
      async handle({ params: { link = '' } }) {
        sourceOf(link)
        const job = await stores.snapshot.job(link)
        if (job === null) return { body: { state: 'none' } }
        const passed = BigInt(await stores.snapshot.passed(link))
        const arrived = job.through !== null && passed >= BigInt(job.through)
        const { askedBy, state, total, copied, tookMs } = job
        return { body: { state, asked_by: askedBy, total, copied, took_ms: Math.round(tookMs), arrived } }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/snapshots',
      operationId: 'orderSnapshot',
      repeats: { noKey: 'repeating the order of the same run changes nothing' },
      summary: 'Begins to tell what was there before, for a run; or gives up what that run has begun. Repeating it changes nothing.',
      body: closed({ link: id, run: id, do: { enum: ['tell', 'cancel'] }, term }),
      async handle(request: HttpRequest) {
        const order = request.body as { link: string; run: string; do: 'tell' | 'cancel'; term: number }
        const source = sourceOf(order.link)
        await stores.snapshot.transaction(async tx => {
          await underTerm(stores.switch, tx, order.term)
          if (order.do === 'tell') await stores.snapshot.begin(tx, source, order.link, order.run)
          else await stores.snapshot.cancel(tx, order.link, order.run)
        })
        return { body: {} }
      },
    },
  ]
}
