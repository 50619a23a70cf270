import type { Log } from '../process/log.ts'
import type { Broker } from './broker.ts'
import { openPostgresLog } from './postgres/log.ts'
import { defaultRetention } from './postgres/retention.ts'

/** Opens the broker that the configuration names. The only place that knows which kinds there are. */
export function openBroker(options: {
  readonly kind: 'postgres'
  readonly url: string
  readonly name: string
  readonly log: Log
  /** How long records are kept, in hours. */
  readonly keepHours: number
}): Broker {
  const { keepHours } = options
  return openPostgresLog({ ...options, retention: { ...defaultRetention, keepHours } })
}
