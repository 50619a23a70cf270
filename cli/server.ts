import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { CommandFailed, exitCodes } from './exit.ts'
import { refused } from './refusal.ts'

/** The two operator interfaces that a running system has. */
export type ServerName = 'engine' | 'sandbox'

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** How long to wait for the answer. */
  readonly timeoutMs: number
}

export interface Server {
  /** Calls and answers with the JSON of a success; everything else is a CommandFailed. */
  call<Answer>(call: Call): Promise<Answer>
}

export interface ServerOptions {
  /** The data directory of the system. */
  readonly home: string
  /** An address given by hand, instead of the one in `run.json`. */
  readonly address: string | undefined
  /** A token from the environment, instead of the one in `home`. A file that was named by hand comes before both. */
  readonly token: string | undefined
  readonly who: 'operator' | 'approver'
  readonly file?: string | undefined
}

/** Where the two listen, counted from the first port of the system. */
const portOffsets: Readonly<Record<ServerName, number>> = { engine: 0, sandbox: 1 }

const start = 'start it with: npm start'
const answerMax = 16 * 1024 * 1024

/** Finds the system by what it wrote into its data directory when it started. */
export async function findServer(name: ServerName, options: ServerOptions): Promise<Server> {
  const url = options.address ?? (await addressOf(name, options.home))
  const { file, who } = options
  const token = file === undefined ? (options.token ?? (await tokenIn(join(options.home, `${who}-token`), who))) : await tokenIn(file, who)
  return { call: call => send(new URL(call.path, url), token, call) }
}

async function addressOf(name: ServerName, home: string): Promise<string> {
  const file = join(home, 'run.json')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandFailed(
      exitCodes.unreachable,
      `the system is not running: there is no ${file}`,
      `${start}, or name its data directory in CUTOVER_HOME`,
      { cause },
    )
  })
  const first = (parse(text) as { first_port?: unknown } | null | undefined)?.first_port
  if (typeof first !== 'number' || !Number.isInteger(first)) {
    throw new CommandFailed(exitCodes.failed, `${file} names no first_port`, 'stop the system and start it again: npm start')
  }
  return `http://127.0.0.1:${first + portOffsets[name]}`
}

async function tokenIn(file: string, who: ServerOptions['who']): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new CommandFailed(
      exitCodes.notPermitted,
      `the ${who} token cannot be read from ${file}`,
      who === 'operator'
        ? 'run the command as the user who started the system, or set CUTOVER_TOKEN'
        : 'name the file with --token-file, or set CUTOVER_TOKEN; "npm start" makes one with CUTOVER_APPROVALS=on',
      { cause },
    )
  }
}

async function send<Answer>(url: URL, token: string, call: Call): Promise<Answer> {
  const { status, text } = await exchange(url, token, call).catch((cause: unknown) => {
    throw cause instanceof CommandFailed ? cause : unreachable(url, call.timeoutMs, cause)
  })
  const answer = text === '' ? null : parse(text)
  if (status < 200 || status >= 300) throw refused(url, status, answer)
  if (answer === undefined) throw strange(url, 'with something that is no JSON')
  return answer as Answer
}

/** Node's own client and not fetch, which gives up on an answer after five minutes whatever one asks for. */
async function exchange(url: URL, token: string, { method, body, timeoutMs }: Call): Promise<{ status: number; text: string }> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
    signal: AbortSignal.timeout(timeoutMs),
  })
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>
  request.end(text)
  const [response] = await answered
  response.setEncoding('utf8')
  let answer = ''
  for await (const part of response) {
    answer += part as string
    if (answer.length > answerMax) throw strange(url, `with more than ${answerMax} characters`)
  }
  return { status: response.statusCode ?? 0, text: answer }
}

const strange = (url: URL, how: string): CommandFailed =>
  new CommandFailed(exitCodes.failed, `${url.origin} answered ${how}`, 'check the address given with --server')

function unreachable(url: URL, timeoutMs: number, cause: unknown): CommandFailed {
  const { name, code } = cause as { name?: unknown; code?: unknown }
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new CommandFailed(
      exitCodes.unreachable,
      `${url.origin} did not answer within ${timeoutMs / 1000} s`,
      'look at it with "cutover status", or wait longer with --timeout',
      { cause, unanswered: 'lost' },
    )
  }
  return new CommandFailed(
    exitCodes.unreachable,
    `nothing answers at ${url.origin}${typeof code === 'string' ? ` (${code})` : ''}: the system is not running`,
    start,
    // Only a connection that never came about is sure to have carried nothing.
    { cause, unanswered: code === 'ECONNREFUSED' ? 'unsent' : 'lost' },
  )
}

/** The value of a JSON text, or undefined when it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
