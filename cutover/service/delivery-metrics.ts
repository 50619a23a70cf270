import { Counter, type Registry } from 'prom-client'
import { openGauge } from '../telemetry/instruments.ts'
import { breakerValue, type Metric, serviceMetrics as names } from '../telemetry/names.ts'
import type { Sending } from './sending.ts'

/** The outbox against its bound, the retry budgets and the log's breaker, taken when they are asked for. */
export function showDelivery(sending: Pick<Sending, 'courierViews' | 'appending' | 'capacity'>, metrics: Registry): void {
  openGauge(metrics, names.outboxDepth, async one => one.set(sending.capacity.load().depth))
  openGauge(metrics, names.outboxBound, async one => one.set(sending.capacity.load().bound))
  openGauge(metrics, names.logBreaker, async one => one.set(breakerValue[sending.appending().breaker.state]))
  counted(metrics, names.outboxRefused, add => add({}, sending.capacity.load().refused))
  counted(metrics, names.retriesPutOff, add => {
    for (const [link, { retriesPutOff }] of Object.entries(sending.courierViews())) add({ link }, retriesPutOff)
  })
}

/** A counter of what is counted elsewhere. */
function counted(
  metrics: Registry,
  { name, help, labels }: Metric,
  collect: (add: (labels: Record<string, string>, count: number) => void) => void,
): void {
  const counter = new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [],
    collect() {
      this.reset()
      collect((own, count) => this.inc(own, count))
    },
  })
  metrics.registerMetric(counter)
}
