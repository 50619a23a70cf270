// The engine of the school: the product's engine, told which links there are and what their effects must look like.
import { runEngine } from '@cutover/engine/engine'
import { links } from '../contracts/links.ts'
import { expectations } from './expectations.ts'

await runEngine({ links, expectations, ledger: 'bonuses' })
