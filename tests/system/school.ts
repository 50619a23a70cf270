// The school's people, acting through the services' public interfaces on a system that runs.
import { join } from 'node:path'
import { openDatabase } from '../../cutover/database/database.ts'
import { openSigner } from '../../cutover/http/tokens.ts'
import { pause, type System } from './system.ts'

/** What somebody was answered; status 0 when nobody answered. */
export interface Said {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Booking {
  readonly reason: string
  readonly candidate_id: string
  readonly amount: number
  readonly rating: number | null
  /** Which transaction booked it. */
  readonly transaction: string
}

/** A candidate who was given a task, and the assignment that says so. */
export interface Given {
  readonly candidate: string
  readonly task: string
  readonly assignment: string
}

export interface School {
  readonly system: System
  /** How long to wait for what may still come, in milliseconds. */
  readonly patienceMs: number
  manager(): Promise<string>
  /** A task of this manager's, with the one right answer `yes`. */
  task(manager: string): Promise<string>
  candidate(manager: string): Promise<string>
  give(manager: string, candidate: string, task: string): Promise<Said>
  /** A new candidate with this task. */
  given(manager: string, task: string): Promise<Given>
  submit(given: Given, right: boolean, options?: { readonly instance?: number; readonly signal?: AbortSignal }): Promise<Said>
  as(role: 'manager' | 'candidate', subject: string, service: string, method: string, path: string, body?: object): Promise<Said>
  /** What bonuses has booked for outcomes of a task. */
  bookings(task: string): Promise<readonly Booking[]>
  rows<Row extends object>(database: string, sql: string, values: readonly unknown[]): Promise<readonly Row[]>
  /** Everything that a service is in stands still while `work` runs. */
  without<Result>(services: readonly string[], work: () => Promise<Result>): Promise<Result>
  /** Looks again and again until it is so; false when patience has run out. */
  until(so: () => Promise<boolean>, patienceMs?: number): Promise<boolean>
  close(): Promise<void>
}

const frozenSeconds = 600

export async function openSchool(system: System, patienceMs: number): Promise<School> {
  const signer = await openSigner({ issuer: 'people', privateKeyFile: join(system.home, 'home', 'keys', 'people.json') })
  const { processes, databases } = await system.status()
  const opened = new Map(
    Object.entries(databases).map(([name, url]) => [
      name,
      openDatabase({ url, name: 'test', connectionsMax: 2, onIdleError: () => undefined }),
    ]),
  )
  const urlOf = (service: string, instance = 1): string =>
    processes.find(one => one.service === service && one.instance === instance)?.url ?? fail(`${service}-${instance} has no address`)

  async function call(url: string, token: string, method: string, path: string, body?: object, signal?: AbortSignal): Promise<Said> {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    try {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ?? AbortSignal.timeout(20_000),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Said['body']) }
    } catch (error) {
      return { status: 0, body: { detail: String(error) } }
    }
  }

  const as: School['as'] = async (role, subject, service, method, path, body) =>
    call(urlOf(service), await signer.token({ audience: service, subject, role }), method, path, body)

  async function made(said: Promise<Said>, field: string): Promise<string> {
    const { status, body } = await said
    const value = body[field]
    return status === 201 && typeof value === 'string' ? value : fail(`answered ${status} ${JSON.stringify(body)}, and no ${field}`)
  }

  const school: School = {
    system,
    patienceMs,
    async manager() {
      const token = await signer.token({ audience: 'management', subject: 'the-admin', role: 'admin' })
      const body = { first_name: 'Vera', last_name: 'Lindqvist' }
      return made(call(urlOf('management'), token, 'POST', '/managers', body), 'manager_id')
    },
    task: manager =>
      made(
        as('manager', manager, 'management', 'POST', '/tasks', {
          title: '[Logic] A question',
          text: 'Answer it.',
          questions: [{ question: 'Yes or no?', answer: 'yes' }],
        }),
        'task_id',
      ),
    candidate: manager => made(as('manager', manager, 'hiring', 'POST', '/candidates', { name: 'A Candidate' }), 'candidate_id'),
    give: (manager, candidate, task) =>
      as('manager', manager, 'hiring', 'POST', '/assignments', { candidate_id: candidate, task_ids: [task] }),
    async given(manager, task) {
      const candidate = await school.candidate(manager)
      let given = await school.give(manager, candidate, task)
      // A task that has just been written may still be on its way to the copy.
      await school.until(async () => given.status === 201 || (given = await school.give(manager, candidate, task)).status === 201)
      const { status, body } = given
      const [one] = (body['assignments'] ?? []) as { assignment_id: string }[]
      return { candidate, task, assignment: one?.assignment_id ?? fail(`${task} was not given: ${status} ${JSON.stringify(body)}`) }
    },
    async submit({ candidate, assignment }, right, { instance = 1, signal } = {}) {
      const token = await signer.token({ audience: 'hiring', subject: candidate, role: 'candidate' })
      const body = { answers: [right ? 'yes' : 'no'] }
      return call(urlOf('hiring', instance), token, 'POST', `/assignments/${assignment}/answer`, body, signal)
    },
    as,
    bookings: task =>
      school.rows<Booking>(
        'bonuses',
        `select reason, candidate_id, amount::int as amount, rating, xmin::text as transaction from ledger
          where task_id = $1 and reason <> 'task created'`,
        [task],
      ),
    async rows<Row extends object>(database: string, sql: string, values: readonly unknown[]) {
      const { rows } = await (opened.get(database) ?? fail(`there is no database ${database}`)).query<Row>(sql, values)
      return rows
    },
    async without(services, work) {
      for (const service of services) await system.fault({ kind: 'pause', service, seconds: frozenSeconds })
      try {
        return await work()
      } finally {
        // What was killed meanwhile is up again by itself.
        const still = (await system.status()).processes.filter(one => services.includes(one.service) && one.state === 'paused')
        for (const { service, instance } of still) await system.fault({ kind: 'resume', service, instance })
      }
    },
    async until(so, ms = patienceMs) {
      for (const end = Date.now() + ms; ;) {
        if (await so()) return true
        if (Date.now() > end) return false
        await pause()
      }
    },
    close: async () => void (await Promise.all([...opened.values()].map(database => database.close()))),
  }
  return school
}

const fail = (what: string): never => {
  throw new Error(what)
}
