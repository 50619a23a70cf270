// The operator's routes of a service, as the engine and a person with the operator's token call them.
import { type RouteDefinition, tokenDigest } from '../cutover/http/server.ts'
import { aServer } from '../cutover/http/testing.ts'
import type { DirectStatus } from '../cutover/relay/direct.ts'

/** Of an instance that has stated nothing direct. */
export const nothingDirect = (): DirectStatus => ({ waiting: 0, published: 0, lost: 0, trouble: null })

/** The seams of an instance that does nothing by itself. */
export const atRest = { lanes: () => [], consumers: () => [], breakers: () => ({}), direct: nothingDirect }

export interface OperatorAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Operating {
  get(path: string): Promise<OperatorAnswer>
  post(path: string, body: object): Promise<OperatorAnswer>
  /** What somebody without any token is answered with. */
  stranger(path: string, body?: object): Promise<number>
}

export async function operate(routes: readonly RouteDefinition[]): Promise<Operating> {
  const server = await aServer(routes, { operatorTokenDigest: tokenDigest('secret') })
  const call = (url: string, authorization: Record<string, string>, payload?: object): ReturnType<typeof send> =>
    send({ ...authorization, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) }, url, payload)
  const send = (headers: Record<string, string>, url: string, payload?: object) =>
    server.inject({ method: payload === undefined ? 'GET' : 'POST', url, headers, ...(payload === undefined ? {} : { payload }) })
  async function known(url: string, payload?: object): Promise<OperatorAnswer> {
    const answer = await call(url, { authorization: 'Bearer secret' }, payload)
    return { status: answer.statusCode, body: answer.json() }
  }
  return { get: known, post: known, stranger: async (url, payload) => (await call(url, {}, payload)).statusCode }
}
