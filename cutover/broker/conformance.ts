import { test } from 'node:test'
import type { Broker } from './broker.ts'
import { appendClaims } from './conformance/appending.ts'
import { fetchClaims } from './conformance/fetching.ts'
import { hideClaims } from './conformance/hiding.ts'
import type { Claim, Subject } from './conformance/subject.ts'
import { topicClaims } from './conformance/topics.ts'
import { waitClaims } from './conformance/waiting.ts'

/**
 * Every promise of `Broker`, as tests. Whoever implements it calls this with a way to get a log; the suite opens
 * clients of its own and leaves topics behind.
 */
export function brokerConformance(kind: string, makeSubject: () => Promise<Subject>): void {
  let made: Promise<Subject> | undefined
  const claim: Claim = (title, check) => {
    test(`${kind}: ${title}`, async () => {
      const subject = await (made ??= makeSubject())
      const opened: Broker[] = []
      const open = (name?: string): Broker => {
        const broker = subject.open(name)
        opened.push(broker)
        return broker
      }
      try {
        await check(open(), { ...subject, open })
      } finally {
        await Promise.all(opened.map(broker => broker.close()))
      }
    })
  }

  topicClaims(claim)
  appendClaims(claim)
  fetchClaims(claim)
  waitClaims(claim)
  hideClaims(claim)
}
