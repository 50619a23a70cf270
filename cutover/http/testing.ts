import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { RouteDefinition } from './route.ts'
import { openServer, type Server, type ServerOptions } from './server.ts'
import { generateKeyPair, openSigner, openVerifier, type Signer, type Verifier } from './tokens.ts'

/** A server on a free port, with `calls` counting what got through to the handlers. */
export const aServer = (routes: readonly RouteDefinition[], more: Partial<ServerOptions> = {}): Promise<Server> =>
  openServer({
    service: 'test',
    port: 0,
    routes,
    verifier: null,
    log: pino({ enabled: false }),
    ready: async () => ({ database: 'ok' }),
    ...more,
  })

/** Issuers with keys of their own, all trusted but `stranger`, and a verifier for the service `bonuses`. */
export async function issuers(): Promise<{
  signers: ReadonlyMap<string, Signer>
  verifier: Verifier
  privateKeys: ReadonlyMap<string, object>
}> {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-keys-'))
  const signers = new Map<string, Signer>()
  const privateKeys = new Map<string, object>()
  const trusted: Record<string, object> = {}
  for (const issuer of ['hiring', 'management', 'engine', 'people', 'stranger']) {
    const { privateJwk, publicJwk } = await generateKeyPair()
    const privateKeyFile = join(folder, `${issuer}.json`)
    await writeFile(privateKeyFile, JSON.stringify(privateJwk))
    signers.set(issuer, await openSigner({ issuer, privateKeyFile }))
    privateKeys.set(issuer, privateJwk)
    if (issuer !== 'stranger') trusted[issuer] = publicJwk
  }
  const trustedKeysFile = join(folder, 'trusted.json')
  await writeFile(trustedKeysFile, JSON.stringify(trusted))
  const verifier = await openVerifier({ audience: 'bonuses', trustedKeysFile })
  await rm(folder, { recursive: true })
  return { signers, verifier, privateKeys }
}

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly text: string
}

/** A bare connection to the server, for what no HTTP client sends. */
export const connect = (url: string): Socket => createConnection(Number(new URL(url).port), '127.0.0.1')

/** The first answer on the connection, once it is complete; rejects when the connection closes before. */
export const answerOn = (socket: Socket): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    let read = ''
    socket.on('data', chunk => {
      read += chunk.toString('utf8')
      const [head = '', ...rest] = read.split('\r\n\r\n')
      const text = rest.join('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
      if (Buffer.byteLength(text) >= length) resolve({ status: Number(head.slice(9, 12)), head, text })
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(read)}`)))
  })
