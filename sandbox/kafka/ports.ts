import type { Home } from '../home.ts'
import { portsCount } from './cluster.ts'

const firstOfKafka = 50

/** Where Kafka listens, counted from the first port: the three brokers, then their controllers. */
export const kafkaPorts = (home: Home): readonly number[] =>
  Array.from({ length: portsCount }, (_, index) => home.firstPort + firstOfKafka + index)
