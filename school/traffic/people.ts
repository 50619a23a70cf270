import { type HttpClient, Unreachable } from 'cutover/http/client'
import type { Random } from 'cutover/process/clock'
import type { Signer } from 'cutover/http/tokens'

/** A person acting through a service's public interface, with a token of their own. */
export interface Person {
  readonly subject: string
  readonly role: 'admin' | 'manager' | 'candidate'
}

export interface People {
  /** Calls as the person, once more when no answer came to what may have arrived; resolves with the answer's body, throws with the problem's code when it is refused. */
  act<Answer>(person: Person, service: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>
}

export const openPeople = (clients: ReadonlyMap<string, HttpClient>, signer: Signer, random: Random): People => ({
  async act(person, service, method, path, body) {
    const client = clients.get(service)
    if (client === undefined) throw new Error(`SERVICE_URLS has no address of ${service}`)
    const token = await signer.token({ audience: service, subject: person.subject, role: person.role })
    const headers = {
      authorization: `Bearer ${token}`,
      ...(method === 'GET' ? {} : { 'idempotency-key': `"${random.uuid()}"` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const call = { method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const answer = await client.request(call).catch((error: unknown) => {
      // Whether it arrived, nobody knows: asked once more, with the same key, nothing happens twice.
      if (method === 'GET' || !(error instanceof Unreachable) || !error.sent) throw error
      return client.request(call)
    })
    if (answer.status >= 300) throw new Error(`${service} answered ${method} ${path} with ${answer.status} ${answer.body.slice(0, 300)}`)
    return (answer.body === '' ? undefined : JSON.parse(answer.body)) as never
  },
})
