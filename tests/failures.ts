import type { TestEvent } from 'node:test/reporters'

/** A reporter that prints what failed and why, and nothing else: title, then the message. */
export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== 'test:fail' || event.data.details.type === 'suite') continue
    const { cause } = event.data.details.error
    yield `${event.data.name}\n${(cause instanceof Error ? cause.message : String(cause)).trim().replaceAll(/^/gm, '  ')}\n`
  }
}
