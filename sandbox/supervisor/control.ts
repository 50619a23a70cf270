import { readFile } from 'node:fs/promises'
import { extendProblems, Problem } from 'cutover/failure'
import { openServer, tokenDigest, type HttpAnswer, type RouteDefinition } from 'cutover/http/server'
import { openLog } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import { faultKinds, paths, pauseSeconds, trafficActions, trafficRate, type FaultRequest, type SandboxStatus } from '../api/contract.ts'
import type { Home } from '../home.ts'
import { applyFault } from './faults.ts'
import type { Keeper } from './keeper.ts'

const forwardTimeoutMs = 5_000

extendProblems({
  process_unknown: { status: 404, title: 'There is no such process' },
  process_state: { status: 409, title: 'The process is in another state' },
})

export interface ControlOptions {
  readonly home: Home
  readonly port: number
  readonly status: () => SandboxStatus
  readonly keepers: readonly Keeper[]
  /** The process that takes `GET` and `POST /traffic`. */
  readonly traffic?: { readonly url: string }
}

/** The supervisor's interface, on loopback, for whoever holds the operator's token. */
export async function openControl(options: ControlOptions): Promise<Running & { readonly url: string }> {
  const token = (await readFile(options.home.operatorTokenFile, 'utf8')).trim()
  return openServer({
    service: 'sandbox',
    port: options.port,
    routes: routes(options, token),
    verifier: null,
    operatorTokenDigest: tokenDigest(token),
    log: openLog({ service: 'supervisor', instance: '1', level: 'error' }),
    ready: async () => Object.fromEntries(options.status().processes.map(({ name, state }) => [name, state === 'ready' ? 'ok' : state])),
  })
}

const faultBody = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'service'],
  properties: {
    kind: { enum: faultKinds },
    service: { type: 'string', minLength: 1, maxLength: 100 },
    instance: { type: 'integer', minimum: 1, maximum: 100 },
    seconds: { type: 'number', exclusiveMinimum: 0, maximum: pauseSeconds.maximum },
  },
} as const

const trafficBody = {
  type: 'object',
  additionalProperties: false,
  required: ['action'],
  properties: { action: { enum: trafficActions }, rate: { type: 'number', ...trafficRate } },
  // The action "rate" needs one.
  anyOf: [
    { type: 'object', properties: { action: { enum: ['start', 'stop'] } } },
    { type: 'object', required: ['rate'], properties: { rate: {} } },
  ],
} as const

function routes(options: ControlOptions, token: string): RouteDefinition[] {
  const common = { policy: 'operator', tags: ['sandbox'] } as const
  return [
    {
      ...common,
      method: 'GET',
      path: paths.status,
      operationId: 'getStatus',
      summary: 'What runs, and the addresses of the databases',
      handle: async () => ({ body: options.status() }),
    },
    {
      ...common,
      method: 'POST',
      path: paths.faults,
      operationId: 'addFault',
      summary: 'Kills, pauses or resumes a process',
      body: faultBody,
      handle: async ({ body }) => ({ body: await applyFault(options.keepers, body as FaultRequest) }),
    },
    {
      ...common,
      method: 'GET',
      path: paths.traffic,
      operationId: 'getTraffic',
      summary: 'How much traffic there is',
      handle: () => forward(options, token),
    },
    {
      ...common,
      method: 'POST',
      path: paths.traffic,
      operationId: 'setTraffic',
      summary: 'Starts or stops the traffic, or sets its rate',
      body: trafficBody,
      handle: ({ rawBody }) => forward(options, token, rawBody),
    },
  ]
}

/** The traffic process has its own control; we only stand in front of it, so that a client needs one address. */
async function forward({ traffic }: ControlOptions, token: string, body?: string): Promise<HttpAnswer> {
  if (traffic === undefined) throw new Problem('not_found', { detail: 'this system has no traffic to control' })
  try {
    const response = await fetch(`${traffic.url}/traffic`, {
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(forwardTimeoutMs),
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    const type = response.headers.get('content-type') ?? 'application/json'
    return { status: response.status, body: await response.text(), headers: { 'content-type': type } }
  } catch (error) {
    throw new Problem('unavailable', { detail: 'the traffic process does not answer; "cutover status" says how it is', cause: error })
  }
}
