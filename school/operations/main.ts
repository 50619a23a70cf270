// The engine of the school: the product's engine, told which links there are and what their effects must look like.
import { runEngine } from '@cutover/engine/engine'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { planFor } from '../plans/plans.ts'
import { code } from './code.ts'
import { expectations } from './expectations.ts'

await runEngine({ links, events, planFor, expectations, ledger: 'bonuses', checks: ['bonuses'], code })
