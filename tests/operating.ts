// What the tests of the operator's interface share: a service that states facts, as an operator sees it.
import { nothingDirect } from './operator-calls.ts'
import type { TestContext } from 'node:test'
import type { LinkContract } from '../cutover/contract/contract.ts'
import { tokenDigest } from '../cutover/http/server.ts'
import { aServer } from '../cutover/http/testing.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import type { Reading } from '../cutover/reading/store.ts'
import { fenced } from '../cutover/service/fence.ts'
import { operatorRoutes } from '../cutover/service/operator.ts'
import { planRoutes } from '../cutover/service/plan-routes.ts'
import { openStores, type Stores } from '../cutover/service/stores.ts'
import { openSwitchCache } from '../cutover/switch/switch.ts'
import { Counted, countLink } from './counting.ts'
import { openStating, type Stating } from './stating.ts'

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Operated extends Stating {
  readonly stores: Stores
  /** How often the other instances were told to reload. */
  readonly flips: () => number
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  flip(body: object, headers?: Record<string, string>): Promise<Answer>
}

/** A service that states facts of L-1, and reads over links as they are given, as an operator sees it. */
export async function openOperated(
  context: TestContext,
  more: readonly LinkContract[],
  readings: Readonly<Record<string, Reading>> = {},
): Promise<Operated> {
  const stating = await openStating()
  context.after(() => stating.database.close())
  const stores = openStores(stating.database)
  const links = [countLink, ...more]
  let flips = 0
  const routes = operatorRoutes({
    service: 'counting',
    instance: '1',
    links,
    stores,
    switches: await openSwitchCache(stores.switch),
    readings: async () => readings,
    audits: [],
    clock: systemClock,
    random: systemRandom,
    lanes: () => [],
    consumers: () => [],
    breakers: () => ({}),
    direct: nothingDirect,
    meters: new Map(),
    flipped: () => void flips++,
  })
  const server = await aServer(
    fenced([...routes, ...planRoutes({ service: 'counting', links, events: [Counted], stores })], () => stores.switch.term()),
    { operatorTokenDigest: tokenDigest('secret') },
  )
  const call = async (url: string, headers: Record<string, string>, payload?: object): Promise<Answer> => {
    const answer = await server.inject({
      method: payload === undefined ? 'GET' : 'POST',
      url,
      headers: { authorization: 'Bearer secret', ...headers, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(payload === undefined ? {} : { payload }),
    })
    return { status: answer.statusCode, body: answer.json() }
  }
  return {
    ...stating,
    stores,
    flips: () => flips,
    get: (path, headers = {}) => call(path, headers),
    flip: (body, headers = {}) => call('/operator/switch', headers, { link: 'L-1', ...body }),
  }
}

/** An instance that lives, with what it declares. */
export const declare = (stores: Stores, id: string, ...capabilities: string[]): Promise<void> =>
  stores.consumer.beat(id, { capabilities, versions: {}, build: 'b1', readings: {} })
