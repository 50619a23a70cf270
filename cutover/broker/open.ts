import type { Log } from '../process/log.ts'
import type { Broker } from './broker.ts'
import { openKafkaLog } from './kafka/log.ts'
import { openPostgresLog } from './postgres/log.ts'
import { defaultRetention } from './postgres/retention.ts'

/** Which log carries events, and where it is. */
export type LogAddress =
  /** `keepHours` is how long records are kept. */
  | { readonly kind: 'postgres'; readonly url: string; readonly keepHours: number }
  /** `host:port` of some of the cluster's brokers. */
  | { readonly kind: 'kafka'; readonly brokers: readonly string[] }

/** Opens the broker that the configuration names. The only place that knows which kinds there are. */
export function openBroker(address: LogAddress, { name, log }: { readonly name: string; readonly log: Log }): Broker {
  switch (address.kind) {
    case 'postgres':
      return openPostgresLog({ url: address.url, name, log, retention: { ...defaultRetention, keepHours: address.keepHours } })
    case 'kafka':
      return openKafkaLog({ brokers: address.brokers, name, log })
  }
}
