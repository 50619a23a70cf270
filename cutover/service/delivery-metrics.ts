import { Gauge, Counter, type Registry } from 'prom-client'
import type { BreakerState, BreakerView } from '../failure/breaker.ts'
import type { Sending } from './sending.ts'

const stateNumbers: Readonly<Record<BreakerState['is'], number>> = { closed: 0, 'half-open': 1, open: 2 }

/**
 * Outbox, breakers and retry budgets as Prometheus reads them. Values are taken when they are asked for. The log's breaker
 * has the link `log`, which no link is called.
 */
export function showDelivery(sending: Pick<Sending, 'courierViews' | 'appending' | 'capacity'>, metrics: Registry): void {
  // Made without a registry of its own choice: the default one is everybody's.
  const registers: [] = []
  const add = (metric: Gauge | Counter): void => metrics.registerMetric(metric)
  const breakers = (): readonly (readonly [string, BreakerView])[] => [
    ...Object.entries(sending.courierViews()).map(([link, { breaker }]) => [link, breaker] as const),
    ['log', sending.appending().breaker],
  ]
  add(
    new Gauge({
      name: 'cutover_outbox_depth',
      help: 'Facts that wait to be delivered, by the slowest lane.',
      registers,
      collect() {
        this.set(sending.capacity.load().depth)
      },
    }),
  )
  add(
    new Gauge({
      name: 'cutover_outbox_bound',
      help: 'The depth at which new facts are refused.',
      registers,
      collect() {
        this.set(sending.capacity.load().bound)
      },
    }),
  )
  add(
    new Gauge({
      name: 'cutover_breaker_state',
      help: 'Breakers by link: 0 closed, 1 half-open, 2 open.',
      labelNames: ['link'],
      registers,
      collect() {
        for (const [link, { state }] of breakers()) this.set({ link }, stateNumbers[state])
      },
    }),
  )
  add(
    new Counter({
      name: 'cutover_breaker_transitions_total',
      help: 'How often a breaker has come to be in a state, by link.',
      labelNames: ['link', 'to'],
      registers,
      collect() {
        this.reset()
        for (const [link, { transitions }] of breakers())
          for (const [to, count] of Object.entries(transitions)) this.inc({ link, to }, count)
      },
    }),
  )
  add(
    new Counter({
      name: 'cutover_retry_budget_exhausted_total',
      help: 'Retries that were put off because the calls of the link had not earned them.',
      labelNames: ['link'],
      registers,
      collect() {
        this.reset()
        for (const [link, { retriesPutOff }] of Object.entries(sending.courierViews())) this.inc({ link }, retriesPutOff)
      },
    }),
  )
  add(
    new Counter({
      name: 'cutover_outbox_refused_total',
      help: 'Transactions that were refused because the outbox was at its bound.',
      registers,
      collect() {
        this.reset()
        this.inc(sending.capacity.load().refused)
      },
    }),
  )
}
