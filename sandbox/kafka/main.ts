// `npm run kafka`: three brokers on this machine, until Ctrl-C.
import { join } from 'node:path'
import { exitCodes, homeFrom, requireFreePorts, StartRefused } from '../home.ts'
import { type Kafka, startKafka } from './cluster.ts'
import { KafkaUnavailable, kafkaVersion } from './jars.ts'
import { kafkaPorts } from './ports.ts'

const stop = Promise.withResolvers<number | void>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.resolve())
// Keeps us running, and notices that the launcher was killed, so that nobody will tell us to stop any more.
const launcher = Number(process.env['CUTOVER_LAUNCHER'] ?? 0)
const started = process.ppid === launcher
setInterval(() => {
  if (started && process.ppid !== launcher) stop.resolve()
}, 500)

let kafka: Kafka | undefined
try {
  const home = homeFrom(process.env)
  const directory = join(home.directory, 'kafka')
  const ports = kafkaPorts(home)
  await requireFreePorts(new Map(ports.map((port, index) => [port, `Kafka broker ${(index % 3) + 1}`])))
  console.log(`Starting Apache Kafka ${kafkaVersion}: three brokers, data in ${directory}`)
  kafka = await startKafka({ directory, ports, log: console.log, onLost: stop.resolve })
  console.log(`Ready. Ctrl-C stops it.\n  KAFKA_BROKERS=${kafka.brokers.join(',')}`)
  const lost = await stop.promise
  if (typeof lost === 'number')
    throw new Error(`broker ${lost} has ended by itself; see ${join(directory, `broker-${lost}`, 'server.log')}`)
  console.log('\nStopping.')
  await kafka.stop()
  console.log('Stopped.')
  process.exit(0)
} catch (error) {
  await kafka?.stop()
  console.error(`cannot run Kafka: ${(error as Error).message}`)
  process.exit(error instanceof KafkaUnavailable ? exitCodes.unavailable : error instanceof StartRefused ? error.exitCode : 1)
}
