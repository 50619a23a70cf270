import { test } from 'node:test'
import { provePlans } from './journey.ts'

// Every step is a stop, for every link, in plans.all.test.ts; here the four written procedures turn back at their end.
test(
  'the four written procedures go forward, back, forward and are completed under traffic, while services, engines and PostgreSQL are killed; then their links go home by the other plans',
  { timeout: 580_000 },
  context =>
    provePlans(
      [
        { link: 'COMM-070', to: 'event' },
        { link: 'COMM-060', to: 'http' },
        { link: 'COMM-040', to: 'event' },
      ],
      'end',
      'bonuses=2,engine=2',
      context,
    ),
)
