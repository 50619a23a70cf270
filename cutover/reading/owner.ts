import { Problem } from '../failure/problem.ts'
import type { Breaker } from '../failure/breaker.ts'
import { type HttpClient, Unreachable } from '../http/client.ts'
import { type Kept, keyOf, keyParts, type ReplicaDefinition } from '../replica/definition.ts'

/** The owner of the state, asked by HTTP. */
export interface Owner {
  /** The row as it is now, or null when there is none. Throws `Unreachable` while the owner is away, at once while it is known to be. */
  one(key: string): Promise<Kept | null>
  list(after: string | null, limit: number): Promise<readonly Kept[]>
  /** Whether it would be asked now. */
  willing(): boolean
}

export function openOwner(definition: ReplicaDefinition, from: string, client: HttpClient, breaker: Breaker): Owner {
  const { link } = definition

  /** What is read in an answer with 200; undefined when there is no such thing. An answer that cannot be read is none: the breaker counts it. */
  async function get<Result>(path: string, read: (answer: unknown) => Result): Promise<Result | undefined> {
    const leave = breaker.enter()
    if (leave === undefined) throw new Unreachable(`${from} is away: ${link} asks again in a while`, { sent: false })
    try {
      const found = await ask(path)
      const answer = found === undefined ? undefined : read(found)
      leave.succeeded()
      return answer
    } catch (error) {
      if (error instanceof Unreachable) leave.failed()
      else leave.succeeded()
      throw error
    }
  }

  async function ask(path: string): Promise<unknown> {
    const { status, body } = await client.request({ method: 'GET', path, headers: { 'cutover-link': link } })
    if (status === 200) return parse(body, path)
    const code = codeOf(body)
    // There is no such thing, as the owner says itself. That there is no such path, or only for others or another method, or
    // that somebody between says so, is a deployment's fault and passes.
    if (status === 404 && code !== '' && code !== 'not_found') return undefined
    if ([401, 403, 404, 405, 408, 410, 429].includes(status) || status >= 500)
      throw new Unreachable(`${from} answered GET ${path} on ${link} with ${status} ${code}`, { sent: true })
    throw new Problem('link_refused', { detail: `${from} answered GET ${path} on ${link} with ${status} ${code}` })
  }

  function parse(body: string, path: string): unknown {
    try {
      return JSON.parse(body)
    } catch (cause) {
      throw new Unreachable(`${from} answered GET ${path} on ${link} with something that is not JSON`, { sent: true, cause })
    }
  }

  function toKept(value: unknown): Kept {
    const row = definition.read(value)
    const revision = (value as { revision?: unknown } | null)?.revision ?? 1
    if (row === null || !Number.isSafeInteger(revision) || (revision as number) < 1)
      throw new Unreachable(`${from} answered ${link} with something that is not a row of it`, { sent: true })
    return { row, revision: revision as number }
  }

  return {
    willing: () => breaker.willing(),
    async one(key) {
      const kept = await get(definition.path(keyParts(key)), answer => {
        const one = toKept(answer)
        if (keyOf(definition, one.row) !== key)
          throw new Unreachable(`${from} answered ${link} for ${key} with another row`, { sent: true })
        return one
      })
      return kept ?? null
    },
    async list(after, limit) {
      const { list } = definition
      if (list === undefined) throw new Error(`${link} has no list`)
      return (await get(list.path(after, limit), answer => list.rows(answer).map(toKept))) ?? []
    },
  }
}

function codeOf(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown }
    return typeof code === 'string' ? code : ''
  } catch {
    // A proxy's page: the status alone decides.
    return ''
  }
}
