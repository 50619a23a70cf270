import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Home } from '../home.ts'
import type { Keeper } from './keeper.ts'
import { faultBody, trafficBody, type BodyError } from './control-bodies.ts'
import { paths, type SandboxStatus } from '../api/contract.ts'
import { applyFault } from './faults.ts'

const bodyBytesMax = 16_384
const forwardTimeoutMs = 5_000

/** The supervisor's interface, while it listens. */
export interface Api {
  readonly url: string
  stop(): Promise<void>
}

export interface ApiOptions {
  readonly home: Home
  /** 0 takes a free one. */
  readonly port: number
  readonly status: () => SandboxStatus
  readonly keepers: readonly Keeper[]
  readonly traffic?: { readonly url: string }
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Opens the interface on loopback. Every path asks for the operator's token. */
export async function openApi(options: ApiOptions): Promise<Api> {
  const token = (await readFile(options.home.operatorTokenFile, 'utf8')).trim()
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, options, token)
      .catch((error: Error) => problem(500, 'internal', error.message))
      .then(result => send(response, result))
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, options: ApiOptions, token: string): Promise<Answer> {
  if (!holds(request, token))
    return problem(401, 'token_invalid', `Send "Authorization: Bearer ..." with the content of ${options.home.operatorTokenFile}.`)
  const path = (request.url ?? '').split('?')[0]
  switch (`${request.method ?? ''} ${path ?? ''}`) {
    case `GET ${paths.status}`:
      return { status: 200, body: options.status() }
    case `POST ${paths.faults}`:
      return fault(await bodyOf(request), options)
    case `GET ${paths.traffic}`:
      return forward(options, token)
    case `POST ${paths.traffic}`: {
      const body = trafficBody(await bodyOf(request))
      return 'errors' in body ? invalid(body.errors) : forward(options, token, JSON.stringify(body.value))
    }
    default:
      return problem(
        404,
        'not_found',
        `There is no ${request.method ?? ''} ${path ?? ''} here. There are: ${Object.values(paths).join(', ')}.`,
      )
  }
}

function holds(request: IncomingMessage, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function fault(text: string, options: ApiOptions): Promise<Answer> {
  const body = faultBody(text)
  if ('errors' in body) return invalid(body.errors)
  const result = await applyFault(options.keepers, body.value)
  if ('kind' in result) return { status: 200, body: result }
  const code = result.status === 404 ? 'service_unknown' : 'wrong_state'
  return problem(result.status, code, result.detail, [{ pointer: result.pointer, code, detail: result.detail }])
}

/** The traffic process has its own control; we only stand in front of it, so that a client needs one address. */
async function forward({ traffic }: ApiOptions, token: string, body?: string): Promise<Answer> {
  if (traffic === undefined) return problem(404, 'not_found', 'This system has no traffic to control.')
  try {
    const response = await fetch(`${traffic.url}/traffic`, {
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(forwardTimeoutMs),
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    return { status: response.status, body: await response.json() }
  } catch (error) {
    return problem(503, 'traffic_away', `The traffic process does not answer (${(error as Error).message}). "status" says how it is.`)
  }
}

const invalid = (errors: readonly BodyError[]): Answer => problem(400, 'body_invalid', errors.map(({ detail }) => detail).join(' '), errors)

const problem = (status: number, code: string, detail: string, errors?: readonly BodyError[]): Answer => ({
  status,
  body: {
    type: `/problems/${code.replaceAll('_', '-')}`,
    title: code.replaceAll('_', ' '),
    status,
    code,
    detail,
    ...(errors === undefined ? {} : { errors }),
  },
})

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
    'cache-control': 'no-store',
  })
  response.end(JSON.stringify(body))
}
