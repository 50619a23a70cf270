import { test } from 'node:test'
import { provePlan } from './journey.ts'

test(
  'COMM-040 goes to events and back from every step, under traffic, while services, engines and PostgreSQL are killed; then it is completed, and goes back to HTTP by the other plan',
  { timeout: 1_500_000 },
  context => provePlan(['1', '2', '3', '4', '4a', '5'], 'hiring=2,bonuses=2,engine=2', context),
)
