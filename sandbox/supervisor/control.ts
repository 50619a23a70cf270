import { readFile } from 'node:fs/promises'
import { Problem } from 'cutover/failure'
import { openServer, tokenDigest, type HttpAnswer, type RouteDefinition } from 'cutover/http/server'
import { openLog } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import { capabilityPattern } from 'cutover/contract/capability'
import {
  deploymentBounds,
  faultKinds,
  paths,
  pauseSeconds,
  trafficActions,
  trafficRate,
  type DeploymentRequest,
  type FaultRequest,
  type SandboxStatus,
} from '../api/contract.ts'
import type { Home } from '../home.ts'
import type { Deployments } from './deployments.ts'
import { applyFault } from './faults.ts'
import type { Keeper } from './keeper.ts'

const forwardTimeoutMs = 5_000

export interface ControlOptions {
  readonly home: Home
  readonly port: number
  readonly status: () => SandboxStatus
  readonly keepers: readonly Keeper[]
  readonly deployments: Pick<Deployments, 'list' | 'deploy'>
  /** The process that takes `GET` and `POST /traffic`. */
  readonly traffic?: { readonly url: string }
}

/** The supervisor's interface, on loopback, for whoever holds the operator's token. */
export async function openControl(options: ControlOptions): Promise<Running & { readonly url: string }> {
  const token = (await readFile(options.home.operatorTokenFile, 'utf8')).trim()
  return openServer({
    service: 'sandbox',
    port: options.port,
    routes: controlRoutes(options, token),
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

const capabilities = {
  type: 'array',
  maxItems: deploymentBounds.capabilities,
  items: { type: 'string', pattern: capabilityPattern },
} as const

const deploymentBody = {
  type: 'object',
  additionalProperties: false,
  required: ['service', 'term'],
  properties: {
    service: { type: 'string', minLength: 1, maxLength: 100 },
    add: capabilities,
    remove: capabilities,
    term: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    dry_run: { type: 'boolean' },
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

export function controlRoutes(options: ControlOptions, token: string): RouteDefinition[] {
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
      repeats: { noKey: 'a process is killed, paused or resumed, or is in the wrong state for it already' },
      summary: 'Kills, pauses or resumes a process',
      body: faultBody,
      handle: async ({ body }) => ({ body: await applyFault(options.keepers, body as FaultRequest) }),
    },
    {
      ...common,
      method: 'GET',
      path: paths.deployments,
      operationId: 'getDeployments',
      summary: 'What the instances of each service shall be able to do, and which of them are so far',
      handle: async () => ({ body: options.deployments.list() }),
    },
    {
      ...common,
      method: 'POST',
      path: paths.deployments,
      operationId: 'deploy',
      repeats: { noKey: 'repeating the order changes nothing' },
      summary: 'Gives a service capabilities and takes others; its instances are started again one by one. Repeating it changes nothing',
      body: deploymentBody,
      handle: async ({ body }) => ({ body: await options.deployments.deploy(body as DeploymentRequest) }),
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
      repeats: { noKey: 'repeating the order changes nothing' },
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
