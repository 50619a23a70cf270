import { test } from 'node:test'
import { links } from '../../school/contracts/links.ts'
import { provePlans, type Move } from './journey.ts'

const moveOf = ({ id: link, start }: (typeof links)[number]): Move => ({ link, to: start === 'http' ? 'event' : 'http' })
/** Carries the event of another link, so that their plans cannot run at once. */
const second = 'COMM-010'

test(
  'eight links go both ways and back from every step of their plans, under traffic, while services, engines and PostgreSQL are killed',
  { timeout: 2_400_000 },
  context => provePlans(links.filter(link => link.id !== second).map(moveOf), 'all', 'management=2,hiring=2,bonuses=2,engine=2', context),
)

test(`${second}, whose event another link carries as well, does the same by itself`, { timeout: 1_200_000 }, context =>
  provePlans(links.filter(link => link.id === second).map(moveOf), 'all', 'management=2,hiring=2,engine=2', context),
)
