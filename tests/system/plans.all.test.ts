import { test } from 'node:test'
import { links } from '../../school/contracts/links.ts'
import { written } from '../../school/plans/plans.ts'
import { provePlans, type Move } from './journey.ts'

// New tasks, and those that have become too easy, are rare, and a gate wants fifty pairs of them.
const rate = 60
const instances = 'management=2,hiring=2,bonuses=2,engine=2'
const first: readonly Move[] = written.map(({ id: link, link: { start } }) => ({ link, to: start === 'http' ? 'event' : 'http' }))
/** Two links may carry one event, and then their plans cannot run at once: COMM-010 goes with the others. */
const second: readonly Move[] = links
  .filter(({ id }) => first.every(({ link }) => link !== id))
  .map(({ id: link, start }) => ({ link, to: start === 'http' ? 'event' : 'http' }))

test(
  'the links of the four written procedures go both ways, and back from every step of their plans, under traffic, while services, engines and PostgreSQL are killed',
  { timeout: 2_400_000 },
  context => provePlans(first, 'all', rate, instances, context),
)

/**
 * These plans are of the same four kinds. Turning each of them back from every step takes a quarter of an hour more, and
 * is asked for by JOURNEY=whole; tests/every-plan.db.test.ts does it always, in a world of one process.
 */
const stops = process.env['JOURNEY'] === 'whole' ? 'all' : 'ends'

test(
  `the five other links do the same by the plans that are generated for them${stops === 'all' ? '' : ', back from the ends'}`,
  { timeout: 2_400_000 },
  context => provePlans(second, stops, rate, instances, context),
)
