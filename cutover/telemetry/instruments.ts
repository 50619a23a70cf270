import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Label, type Metric, processMetrics } from './names.ts'

/** The metrics of one process, with `service` on every series, and what Node tells of itself. */
export function openMetrics(service: string, version: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  openGauge(registry, processMetrics.build).set({ version }, 1)
  return registry
}

const configuration = (
  { name, help, labels }: Metric,
  registry: Registry,
): { name: string; help: string; labelNames: Label[]; registers: Registry[] } => ({
  name,
  help,
  labelNames: [...labels],
  registers: [registry],
})

export const openCounter = (registry: Registry, metric: Metric): Counter<Label> => new Counter(configuration(metric, registry))

export const openHistogram = (registry: Registry, metric: Metric): Histogram<Label> =>
  new Histogram({ ...configuration(metric, registry), ...(metric.buckets === undefined ? {} : { buckets: [...metric.buckets] }) })

/** A gauge; with `collect`, one whose series are made anew at every scrape, so that what is gone leaves none behind. */
export const openGauge = (registry: Registry, metric: Metric, collect?: (gauge: Gauge<Label>) => Promise<void>): Gauge<Label> =>
  new Gauge({
    ...configuration(metric, registry),
    ...(collect === undefined
      ? {}
      : {
          async collect(this: Gauge<Label>) {
            // A reset would leave a gauge without labels at 0, and no figure is not 0.
            if (metric.labels.length === 0) this.remove()
            else this.reset()
            await collect(this)
          },
        }),
  })
