import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { type HistoryAnswer, type SessionAnswer, type SessionRequest, paths } from '@cutover/engine/api'
import type { ApplyRequest, ApproveRequest, PairVerdict } from '@cutover/engine/api/plan'
import { dist } from '../build.ts'
import { FakeProblem, type FakeSystem, createFakeSystem } from './fake-system.ts'

export interface FakeEngine {
  readonly url: string
  readonly token: string
  readonly approverToken: string
  readonly system: FakeSystem
  /** As if the process had died: all connections break and none is taken. */
  readonly die: () => Promise<void>
  /** The same process at the same address again. */
  readonly rise: () => Promise<void>
  /** Forgets who was signed in. */
  readonly signAllOut: () => void
  readonly stop: () => Promise<void>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
}
const beatMs = 2_000

/** The operator's API and the built page, over a system in memory. */
export async function startFakeEngine(port = 0): Promise<FakeEngine> {
  const token = 'cutover-demo-token'
  const approverToken = 'cutover-approver-token'
  const system = createFakeSystem()
  /** Who has signed in, by the session's id. */
  const sessions = new Map<string, string>()
  const streams = new Set<ServerResponse>()
  let server: Server | undefined
  let address = port

  const tell = (response: ServerResponse, event: string, data: unknown): void =>
    void response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  const tellAll = (response: ServerResponse): void => {
    tell(response, 'links', system.links())
    tell(response, 'runs', system.runs())
  }
  system.onChange(() => streams.forEach(tellAll))
  const beat = setInterval(() => streams.forEach(response => tell(response, 'beat', { at: new Date().toISOString() })), beatMs)

  async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const session = /(?:^|; )session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    const send = (body: unknown, headers: Record<string, string> = {}): void =>
      void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    if (url.pathname === paths.session && request.method === 'POST') {
      const asked = (await bodyOf(request)) as SessionRequest
      if (asked.token !== token && asked.token !== approverToken)
        throw new FakeProblem(401, 'unauthorized', 'this is not the token of the operator')
      const id = randomBytes(16).toString('hex')
      const who = asked.token === token ? 'operator' : 'approver'
      sessions.set(id, who)
      const answer: SessionAnswer = { who }
      return send(answer, { 'set-cookie': `session=${id}; HttpOnly; SameSite=Strict; Path=/` })
    }
    const who = sessions.get(session)
    if (who === undefined) throw new FakeProblem(401, 'unauthorized', 'sign in first')
    if (url.pathname === paths.session) {
      if (request.method === 'DELETE') sessions.delete(session)
      const answer: SessionAnswer = { who }
      return send(answer)
    }
    if (url.pathname === paths.stream) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      streams.add(response)
      response.on('close', () => streams.delete(response))
      return tellAll(response)
    }
    send(await answer(request, url))
  }

  async function answer(request: IncomingMessage, url: URL): Promise<unknown> {
    const [, , noun, id = '', verb] = url.pathname.split('/').map(decodeURIComponent)
    const to = url.searchParams.get('to')
    switch (noun) {
      case 'links':
        return system.links()
      case 'plans':
        return verb === 'apply'
          ? system.apply(id, (await bodyOf(request)) as ApplyRequest)
          : system.plan(id, to === 'http' || to === 'event' ? to : undefined)
      case 'runs':
        if (id === '') return system.runs()
        if (verb === 'approve') return system.approve(id, ((await bodyOf(request)) as ApproveRequest).hash)
        if (verb === 'pause' || verb === 'resume' || verb === 'revert' || verb === 'complete') return system.order(id, verb)
        return system.runs().find(({ run }) => run === id) ?? Promise.reject(new FakeProblem(404, 'run_unknown', `there is no run "${id}"`))
      case 'parity':
        return verb === 'pairs' ? system.pairs(id, url.searchParams.get('verdict') as PairVerdict | null) : system.parity(id)
      case 'history': {
        const history: HistoryAnswer = { intact: true, rows: system.history(url.searchParams.get('run')) }
        return history
      }
      default:
        throw new FakeProblem(404, 'not_found', 'there is nothing at this path')
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine')
    try {
      if (url.pathname.startsWith('/api/')) return await api(request, response, url)
      const path = normalize(url.pathname)
      const file = path.startsWith('/assets/') ? path : '/index.html'
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(await readFile(join(dist, file)))
    } catch (error) {
      const { status, code } = error instanceof FakeProblem ? error : { status: 500, code: 'internal' }
      const detail = error instanceof Error ? error.message : String(error)
      const problem = { status, code, title: code.replaceAll('_', ' '), detail, trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
    }
  }

  async function rise(): Promise<void> {
    server = createServer((request, response) => void serve(request, response))
    server.listen(address, '127.0.0.1')
    await once(server, 'listening')
    address = (server.address() as AddressInfo).port
  }

  async function die(): Promise<void> {
    const closed = new Promise(resolve => server?.close(resolve))
    server?.closeAllConnections()
    await closed
  }

  await rise()
  return {
    url: `http://127.0.0.1:${address}`,
    token,
    approverToken,
    system,
    die,
    rise,
    signAllOut: () => sessions.clear(),
    async stop() {
      clearInterval(beat)
      await die()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) text += part as string
  return text === '' ? {} : (JSON.parse(text) as unknown)
}

/** `node bin/run.mjs console/testing/fake-engine.ts 4499`: a system in memory that lives, to work on the page with. */
if (import.meta.main) {
  const engine = await startFakeEngine(Number(process.argv[2] ?? 4499))
  setInterval(() => engine.system.stepOn(), 1_500)
  console.log(`${engine.url}  token: ${engine.token}`)
}
