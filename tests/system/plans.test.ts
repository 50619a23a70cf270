import { test } from 'node:test'
import { provePlan } from './journey.ts'

// Every step is a stop in plans.all.test.ts; here the plan turns back at its end.
test(
  'COMM-040 goes to events and back under traffic, while services, engines and PostgreSQL are killed; then it is completed, and goes back to HTTP by the other plan',
  { timeout: 540_000 },
  context => provePlan([], 'bonuses=2,engine=2', context),
)
