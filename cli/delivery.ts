import { Argument, type Command } from 'commander'
import { paths } from '@cutover/engine/api'
import type { BreakerStand, DeliveryView, LaneDelivery, ServiceDelivery, SetAside } from '@cutover/engine/api/delivery'
import type { Delivery } from '@cutover/engine/api/refill'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { changeDelivery, deliveryText } from './delivery-change.ts'
import { deliveryLines } from './delivery-lines.ts'
import { patiently } from './patience.ts'
import { counted, duration, plain, type Style, table } from './print.ts'
import { linkId } from './target.ts'

const watchMs = 1_000

interface DeliveryOptions {
  readonly watch?: true
  readonly dryRun?: true
}

/**
 * `cutover delivery [LINK]`: what waits to be delivered, since when and why, and when it is tried next. With a way it orders
 * how the facts of the link leave for the log.
 */
export const deliveryVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'delivery',
    summary: 'Show what waits to be delivered and why; or set how the facts of a link leave for the log',
    examples: ['delivery COMM-040 --watch', 'delivery COMM-090 outbox'],
    timeoutSeconds: 30,
  })
    .argument('[link]', 'only what concerns this link', linkId)
    .addArgument(
      new Argument('[way]', 'sets it: outbox, where nothing is lost; direct, only for links that declare that they may lose').choices([
        'outbox',
        'direct',
      ]),
    )
    .option('--watch', 'show it anew every second until Ctrl-C; without a terminal, the sentence whenever it changes')
    .option('--dry-run', 'with a way: try it with all checks, and change nothing')
    .action(async (link: string | undefined, way: Delivery | undefined, { watch, dryRun }: DeliveryOptions, command: Command) => {
      const context = contextOf(terminal, command)
      if (link !== undefined && way !== undefined) {
        context.print(await changeDelivery(context, link, way, dryRun === true), deliveryText)
        return
      }
      const read = async (): Promise<DeliveryView> =>
        only(await patiently<DeliveryView>(context, { method: 'GET', path: paths.delivery }), link)
      if (watch === true && !context.json) await watchIt(context, read)
      else context.print(await read(), view => show(view, context))
    })

/** The view without what does not concern the link; what its sender publishes may concern it. */
function only(view: DeliveryView, link: string | undefined): DeliveryView {
  if (link === undefined) return view
  const senders = new Set(view.lanes.filter(one => one.link === link).map(one => one.service))
  return {
    ...view,
    services: view.services
      .filter(({ service, consumers }) => senders.has(service) || consumers.some(one => one.consumer.endsWith(`.${link}`)))
      .map(one => ({ ...one, consumers: one.consumers.filter(({ consumer }) => consumer.endsWith(`.${link}`)) })),
    lanes: view.lanes.filter(one => one.link === link || (one.link === null && senders.has(one.service))),
    set_aside: view.set_aside.filter(one => one.link === link),
  }
}

async function watchIt(context: Context, read: () => Promise<DeliveryView>): Promise<void> {
  const stop = new AbortController()
  const end = context.onInterrupt(() => stop.abort())
  let said = ''
  try {
    while (!stop.signal.aborted) {
      const view = await read()
      if (context.draws && context.screen !== null) context.screen.write(`\u001b[H\u001b[2J${show(view, context)}\n`)
      else {
        const sentence = deliveryLines(view).map(plain).join(' ')
        // Figures change all the time; who waits for whom is the news.
        if (sentence.replaceAll(/[\d,.]+/g, '') !== said) context.print(view, () => sentence)
        said = sentence.replaceAll(/[\d,.]+/g, '')
      }
      await context.clock.sleep(watchMs, stop.signal)
    }
  } finally {
    end()
  }
}

function show(view: DeliveryView, context: Context): string {
  const sentences = deliveryLines(view).map(line => plain(line))
  return [
    sentences.join('\n'),
    outboxes(view.services, context),
    lanes(view.lanes, context),
    ...(view.set_aside.length === 0 ? [] : [setAside(view.set_aside, context)]),
  ].join('\n\n')
}

const levelStyle: Readonly<Record<string, Style | null>> = { normal: null, warning: 'yellow', full: 'red' }

const outboxes = (services: readonly ServiceDelivery[], { width, glyphs }: Context): string =>
  table<ServiceDelivery>(
    [
      { head: 'service', cell: row => row.service },
      { head: 'waiting', cell: row => figure(row.outbox?.depth), align: 'right' },
      { head: 'bound', cell: row => figure(row.outbox?.bound), align: 'right' },
      {
        head: 'level',
        cell: ({ outbox }) => (outbox === null ? 'unknown' : `${outbox.level} (${Math.floor((100 * outbox.depth) / outbox.bound)} %)`),
        style: ({ outbox }) => (outbox === null ? 'yellow' : (levelStyle[outbox.level] ?? null)),
      },
      { head: 'refused', cell: row => figure(row.outbox?.refused), align: 'right' },
      {
        head: 'disk',
        cell: ({ outbox }) => (outbox?.disk_percent == null ? null : `${outbox.disk_percent} %`),
        align: 'right',
        spare: true,
      },
    ],
    services,
    width,
    glyphs.dots,
  )

const lanes = (rows: readonly LaneDelivery[], { width, glyphs }: Context): string =>
  table<LaneDelivery>(
    [
      { head: 'lane', cell: row => row.link ?? 'events' },
      { head: 'from', cell: row => row.service },
      { head: 'to', cell: row => row.to ?? 'log' },
      { head: 'waiting', cell: row => `${figure(row.facts)}${row.more ? '+' : ''}`, align: 'right' },
      { head: 'oldest', cell: row => (row.oldest_ms === null ? null : duration(row.oldest_ms)), align: 'right' },
      { head: 'breaker', cell: row => breakerText(row.breaker), style: row => (row.breaker.state === 'closed' ? null : 'red') },
      { head: 'retries', cell: retriesText, style: row => (row.retries === 0 ? null : 'yellow') },
      { head: 'stated', cell: row => (row.rate === null ? null : `${row.rate}/s`), align: 'right', spare: true },
      { head: 'pace', cell: row => `${row.pace}/s`, align: 'right', spare: true },
      { head: 'holder', cell: row => row.holder, spare: true },
      { head: 'position', cell: row => row.position, align: 'right', spare: true },
      { head: 'error', cell: row => row.error, style: () => 'red' },
    ],
    rows,
    width,
    glyphs.dots,
  )

const setAside = (rows: readonly SetAside[], { width, glyphs }: Context): string =>
  table<SetAside>(
    [
      { head: 'set aside', cell: row => row.link },
      { head: 'in', cell: row => row.service },
      { head: 'dead letters', cell: row => figure(row.dead), align: 'right', style: row => (row.dead === 0 ? null : 'red') },
      { head: 'parked', cell: row => figure(row.parked), align: 'right' },
    ],
    rows,
    width,
    glyphs.dots,
  )

function breakerText({ state, probe_in_ms: probeInMs }: BreakerStand): string {
  if (state === 'closed') return 'closed'
  if (probeInMs === null) return 'probing'
  return probeInMs === 0 ? 'open, probe due' : `open, probe ${inTime(probeInMs)}`
}

function retriesText({ retries, next_retry_in_ms: nextInMs, attempts }: LaneDelivery): string | null {
  if (retries === 0) return null
  const spent = attempts === 0 ? '' : `, up to ${counted(attempts, 'attempt')}`
  return `${figure(retries)}, next ${nextInMs === null || nextInMs === 0 ? 'now' : inTime(nextInMs)}${spent}`
}

const inTime = (ms: number): string => (ms < 1_000 ? 'in 1 s' : `in ${duration(Math.ceil(ms / 1_000) * 1_000).replace('.0 s', ' s')}`)
const figure = (count: number | undefined): string | null => (count === undefined ? null : count.toLocaleString('en'))
