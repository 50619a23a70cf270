import { Admin } from '@platformatic/kafka'
import type { System } from './system.ts'

const brokers = 3
const firstPort = 50

/** The number, from 1, of the broker that leads most partitions of a topic on the system's own cluster; 1 while there is no such topic. */
export async function leaderOf(system: System, topic: string): Promise<number> {
  const bootstrapBrokers = Array.from({ length: brokers }, (_, at) => `127.0.0.1:${system.port + firstPort + at}`)
  const admin = new Admin({ clientId: 'test', bootstrapBrokers, autocreateTopics: false })
  try {
    const { topics } = await admin.metadata({ topics: [topic] })
    const leads = new Map<number, number>()
    for (const { leader } of topics.get(topic)?.partitions ?? []) leads.set(leader, (leads.get(leader) ?? 0) + 1)
    return [...leads].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 1
  } catch {
    // Not made yet, or its leaders are being chosen: any broker is as good.
    return 1
  } finally {
    await admin.close()
  }
}
