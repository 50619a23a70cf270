import { test } from 'node:test'
import { provePlans } from './journey.ts'

// Every step is a stop, for every link, and all go home again, in plans.all.test.ts; here they turn back at their end.
test(
  'three links of three kinds go forward, back, forward and are completed by their plans, under traffic, while services, engines and PostgreSQL are killed',
  { timeout: 850_000 },
  context =>
    provePlans(
      [
        { link: 'COMM-070', to: 'event' },
        { link: 'COMM-060', to: 'http' },
        { link: 'COMM-040', to: 'event' },
      ],
      'end',
      40,
      'bonuses=2,engine=2',
      context,
    ),
)
