import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Reply {
  readonly status?: number
  readonly body: unknown
}

/** A reply, or `lost` for an engine that takes the request and dies before it answers. */
export type Scripted = Reply | 'lost'

export interface Request {
  readonly line: string
  readonly body: unknown
}

/**
 * An engine that answers from a script: for each request line its replies in turn, the last one for ever. What the
 * script does not have is 404.
 */
export class ScriptedEngine {
  readonly requests: Request[] = []
  /** The tokens that the requests showed. */
  readonly tokens: string[] = []
  private script = new Map<string, Scripted[]>()
  private readonly server = createServer((request, response) => void this.serve(request, response))

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.server.close()
    this.server.closeAllConnections()
  }

  /** Forgets what was asked, and answers by this script from now on. */
  play(script: Readonly<Record<string, readonly Scripted[]>>): void {
    this.requests.length = 0
    this.tokens.length = 0
    this.script = new Map(Object.entries(script).map(([line, replies]) => [line, [...replies]]))
  }

  get lines(): string[] {
    return this.requests.map(({ line }) => line)
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.answer(request)
    if (reply === 'lost') request.socket.destroy()
    else response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
  }

  private async answer(request: IncomingMessage): Promise<Scripted> {
    let text = ''
    for await (const part of request) text += String(part)
    const line = `${request.method} ${request.url}`
    this.tokens.push((request.headers.authorization ?? '').replace('Bearer ', ''))
    this.requests.push({ line, body: text === '' ? null : JSON.parse(text) })
    const replies = this.script.get(line) ?? []
    return (replies.length > 1 ? replies.shift() : replies[0]) ?? problem(404, 'not_found', `the script has no ${line}`)
  }
}

export const ok = (body: unknown): Reply => ({ body })
export const problem = (status: number, code: string, detail: string): Reply => ({ status, body: { title: code, code, status, detail } })
