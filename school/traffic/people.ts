import type { HttpClient } from 'cutover/http/client'
import type { Signer } from 'cutover/http/tokens'

/** A person acting through a service's public interface, with a token of their own. */
export interface Person {
  readonly subject: string
  readonly role: 'admin' | 'manager' | 'candidate'
}

export interface People {
  /** Calls as the person; resolves with the answer's body, throws with the problem's code when it is refused. */
  act<Answer>(person: Person, service: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>
}

export const openPeople = (clients: ReadonlyMap<string, HttpClient>, signer: Signer): People => ({
  async act(person, service, method, path, body) {
    const client = clients.get(service)
    if (client === undefined) throw new Error(`SERVICE_URLS has no address of ${service}`)
    const token = await signer.token({ audience: service, subject: person.subject, role: person.role })
    const answer = await client.request({
      method,
      path,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (answer.status >= 300) throw new Error(`${service} answered ${method} ${path} with ${answer.status} ${answer.body.slice(0, 300)}`)
    return (answer.body === '' ? undefined : JSON.parse(answer.body)) as never
  },
})
