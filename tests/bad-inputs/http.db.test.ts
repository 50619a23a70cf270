// Section 8.1 of the catalogue, framing and JSON: each row against three writing endpoints of the real services.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { answerOn, aServer, connect, type RawAnswer } from '../../cutover/http/testing.ts'
import { openSchool, type School, type ServiceName } from './school.ts'
import { assertProblem, complete, type ProblemDocument } from './catalogue.ts'

const secret = 'Ada-Secret'
let school: School
before(async () => {
  school = await openSchool()
})
after(() => school.close())

/** Who may write where: what is wrong is what is sent, and not who sends it. */
const endpoints = [
  { service: 'management', path: '/tasks', issuer: 'people', claims: { subject: 'm1', role: 'manager' } },
  { service: 'hiring', path: '/candidates', issuer: 'people', claims: { subject: 'm1', role: 'manager' } },
  { service: 'bonuses', path: '/credits', issuer: 'hiring', claims: { link: 'COMM-040' } },
] as const satisfies readonly { service: ServiceName; path: string; issuer: string; claims: object }[]
type Endpoint = (typeof endpoints)[number]

const json = 'content-type: application/json'

async function headOf({ service, path, issuer, claims }: Endpoint, headers: string): Promise<string> {
  const token = await school.token(issuer, { audience: service, ...claims })
  return `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nidempotency-key: k\r\n${headers}\r\n\r\n`
}

interface Sent {
  readonly answer: RawAnswer
  /** Resolves when the other side has closed the connection. */
  closed(): Promise<void>
}

/** Sends the bytes as they come, and reads what is answered to them. */
async function send(service: ServiceName, ...bytes: readonly (string | Buffer)[]): Promise<Sent> {
  return sendAll(service, bytes)
}

async function sendAll(service: ServiceName, bytes: Iterable<string | Buffer>): Promise<Sent> {
  const socket = connect(school.services[service].server.url)
  const answered = answerOn(socket)
  // Whoever is cut off in the middle may find the connection closed before all was sent.
  socket.on('error', () => undefined)
  for (const part of bytes) {
    if (socket.destroyed) break
    socket.write(part)
    await turn()
  }
  const answer = await answered
  return {
    answer,
    async closed() {
      if (!socket.closed) await once(socket, 'close')
    },
  }
}

const post = async (endpoint: Endpoint, body: string | Buffer, headers = json): Promise<Sent> =>
  send(endpoint.service, await headOf(endpoint, `${headers}\r\ncontent-length: ${Buffer.byteLength(body)}`), body)

interface Row {
  readonly row: number
  readonly input: string
  readonly status: number
  readonly code: string
  readonly pointer?: string
  /** What the detail has to say. */
  readonly detail?: RegExp
  readonly closes?: true
  readonly body?: string | Buffer
  readonly headers?: string
  readonly send?: (endpoint: Endpoint) => Promise<Sent>
}

const utf16 = (text: string, order: 'le' | 'be', mark: boolean): Buffer => {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}
/** The head, and a gibibyte of spaces in chunks, made as they are sent. */
function* gibibyte(head: string): Generator<string | Buffer> {
  yield head
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(64 * 1024, ' '), Buffer.from('\r\n')])
  for (let sent = 0; sent < 16 * 1024; sent++) yield chunk
}

const rows: readonly Row[] = [
  { row: 1, input: 'an empty body', body: '', status: 400, code: 'body_empty' },
  { row: 2, input: 'a truncated body', body: '{"payload":', status: 400, code: 'json_syntax', detail: /at byte 11\b/ },
  { row: 2, input: 'a truncated body after letters of two bytes', body: '{"é":', status: 400, code: 'json_syntax', detail: /at byte 6\b/ },
  { row: 3, input: 'text after the document', body: `{} ${secret}`, status: 400, code: 'json_syntax' },
  // No command of the CLI reads JSON from a file yet, so there is none to strip of its mark.
  { row: 4, input: 'a byte order mark', body: '\ufeff{"name":"a"}', status: 400, code: 'json_bom' },
  { row: 5, input: 'invalid UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), status: 400, code: 'utf8_invalid' },
  { row: 5, input: 'an overlong encoding', body: Buffer.from([0x22, 0xc0, 0xaf, 0x22]), status: 400, code: 'utf8_invalid' },
  {
    row: 6,
    input: 'UTF-16 by its name',
    body: utf16('{"name":"a"}', 'le', false),
    headers: `${json}; charset=utf-16`,
    status: 415,
    code: 'charset_unsupported',
  },
  { row: 6, input: 'UTF-16 with its mark', body: utf16('{"name":"a"}', 'le', true), status: 415, code: 'charset_unsupported' },
  { row: 6, input: 'UTF-16 the other way round', body: utf16('{"name":"a"}', 'be', true), status: 415, code: 'charset_unsupported' },
  { row: 6, input: 'UTF-16 without saying so', body: utf16('{"name":"a"}', 'le', false), status: 415, code: 'charset_unsupported' },
  {
    row: 6,
    input: 'UTF-16 without saying so, the other way',
    body: utf16('{"a":1}', 'be', false),
    status: 415,
    code: 'charset_unsupported',
  },
  {
    row: 7,
    input: 'JSON as text/plain',
    body: '{"name":"a"}',
    headers: 'content-type: text/plain',
    status: 415,
    code: 'media_type_unsupported',
  },
  {
    row: 7,
    input: 'a form',
    body: 'name=a',
    headers: 'content-type: application/x-www-form-urlencoded',
    status: 415,
    code: 'media_type_unsupported',
  },
  { row: 8, input: 'a key that comes twice', body: '{"name":"a","name":"b"}', status: 400, code: 'json_duplicate_key', pointer: '/name' },
  {
    row: 8,
    input: 'a key that comes twice inside',
    body: '{"meta":{"a/b":1,"a/b":2}}',
    status: 400,
    code: 'json_duplicate_key',
    pointer: '/meta/a~1b',
  },
  { row: 8, input: 'one key written in two ways', body: '{"a":1,"\\u0061":2}', status: 400, code: 'json_duplicate_key', pointer: '/a' },
  { row: 9, input: '__proto__', body: '{"__proto__":{"role":"admin"}}', status: 400, code: 'key_forbidden', pointer: '/__proto__' },
  {
    row: 9,
    input: 'constructor',
    body: '{"payload":{"constructor":{}}}',
    status: 400,
    code: 'key_forbidden',
    pointer: '/payload/constructor',
  },
  { row: 10, input: '33 levels', body: `{"a":${'['.repeat(32)}${']'.repeat(32)}}`, status: 400, code: 'json_too_deep' },
  { row: 11, input: 'a million nested arrays', body: '['.repeat(1_000_000), status: 413, code: 'body_too_large', closes: true },
  { row: 11, input: 'as many nested arrays as fit', body: '['.repeat(256 * 1024), status: 400, code: 'json_too_deep' },
  {
    row: 12,
    input: '257 KiB',
    body: `{"name":"${'a'.repeat(257 * 1024)}"}`,
    status: 413,
    code: 'body_too_large',
    detail: /256 KiB/,
    closes: true,
  },
  {
    row: 13,
    input: '1 GiB in chunks, of which no more than the limit is taken',
    // Cut long before the end: who sends sees the answer, or the connection closed.
    send: async endpoint => sendAll(endpoint.service, gibibyte(await headOf(endpoint, `${json}\r\ntransfer-encoding: chunked`))),
    status: 413,
    code: 'body_too_large',
    detail: /256 KiB/,
    closes: true,
  },
  {
    row: 14,
    input: 'a gzip bomb',
    body: gzipSync(Buffer.alloc(64 * 1024 * 1024)),
    headers: `${json}\r\ncontent-encoding: gzip`,
    status: 415,
    code: 'encoding_unsupported',
  },
  { row: 15, input: '2^53 + 1', body: '{"count":9007199254740993}', status: 400, code: 'number_unsafe', pointer: '/count' },
  { row: 16, input: '1e400', body: '{"count":1e400}', status: 400, code: 'number_range', pointer: '/count' },
  { row: 18, input: 'NaN', body: '{"count":NaN}', status: 400, code: 'json_syntax' },
  { row: 18, input: 'a comment', body: '{"count":1 /* one */}', status: 400, code: 'json_syntax' },
  { row: 18, input: 'a trailing comma', body: '{"count":1,}', status: 400, code: 'json_syntax' },
  { row: 19, input: 'null', body: 'null', status: 400, code: 'type_object', pointer: '' },
  { row: 19, input: 'a list', body: '[]', status: 400, code: 'type_object', pointer: '' },
  { row: 19, input: 'a text', body: `"${secret}"`, status: 400, code: 'type_object', pointer: '' },
  { row: 19, input: 'a number', body: '5', status: 400, code: 'type_object', pointer: '' },
  { row: 20, input: 'a lone surrogate', body: `{"name":"${secret}\\ud800"}`, status: 400, code: 'unicode_surrogate', pointer: '/name' },
  { row: 21, input: 'U+0000', body: `{"name":"${secret}\\u0000"}`, status: 400, code: 'unicode_nul', pointer: '/name' },
  {
    row: 22,
    input: 'two lengths',
    body: '{"name":"a"}',
    headers: `${json}\r\ntransfer-encoding: chunked`,
    status: 400,
    code: 'request_invalid',
    closes: true,
  },
  {
    row: 24,
    input: 'a method that nobody knows',
    send: ({ service, path }) => send(service, `FROB ${path} HTTP/1.1\r\nhost: x\r\n\r\n`),
    status: 405,
    code: 'method_not_allowed',
  },
  {
    row: 24,
    input: 'a method that this path does not have',
    send: ({ service, path }) => send(service, `PATCH ${path} HTTP/1.1\r\nhost: x\r\n${json}\r\ncontent-length: 2\r\n\r\n{}`),
    status: 405,
    code: 'method_not_allowed',
  },
  ...['/nothing', '/livez/..;/tasks', '/..;/', '/%2e%2e/tasks', '/%zz'].map((path): Row => ({
    row: 24,
    input: `the path ${path}`,
    send: ({ service }) => send(service, `POST ${path} HTTP/1.1\r\nhost: x\r\n${json}\r\ncontent-length: 2\r\n\r\n{}`),
    status: 404,
    code: 'not_found',
  })),
]

for (const endpoint of endpoints) {
  for (const { row, input, ...expected } of rows) {
    test(`row ${row}, ${endpoint.service}: ${input} is refused with ${expected.status} ${expected.code}, and changes nothing`, async () => {
      const { server, stand } = school.services[endpoint.service]
      const before = await stand()
      const { answer, closed } = await (expected.send?.(endpoint) ?? post(endpoint, expected.body ?? '', expected.headers))
      assert.match(answer.head, /content-type: application\/problem\+json/i)
      const document = JSON.parse(answer.text) as ProblemDocument
      assert.equal(answer.status, expected.status, answer.text)
      assertProblem(document, expected, secret)
      if (expected.detail !== undefined) assert.match(document.detail, expected.detail)
      if (expected.closes === true) {
        assert.match(answer.head, /connection: close/i)
        await closed()
      }
      if (expected.status === 405) assert.match(answer.head, /^allow: .*POST/im)
      assert.equal(await stand(), before)
      assert.equal((await server.inject('/livez')).statusCode, 200)
    })
  }
}

test('row 17: minus zero is 0 and 1.0 is 1 for a whole number, and both are stored as such', async () => {
  const { database, server } = school.services.bonuses
  for (const [at, version] of ['-0', '0.0', '0e5'].entries()) {
    const factId = `01890000-0000-7000-8000-00000000000${at}`
    // As text: no serializer would write it like that.
    const meta = `{"event_id":"${factId}","event_version":${version},"event_name":"TaskCompleted","produced_at":"2026-01-01T00:00:00Z"}`
    const payload = `{"task_id":"t${at}","creator_id":"m1","candidate_id":"c1"}`
    const answer = await server.inject({
      method: 'POST',
      url: '/credits',
      headers: {
        authorization: `Bearer ${await school.token('hiring', { audience: 'bonuses', link: 'COMM-040' })}`,
        'content-type': 'application/json',
        'idempotency-key': factId,
        'cutover-fact': factId,
        'cutover-event': 'TaskCompleted',
        'cutover-version': '0',
        'cutover-business-key': `TaskCompleted:t${at}:c1`,
        'cutover-order-key': `t${at}`,
        'cutover-source': 'hiring',
        'cutover-position': String(at + 1),
        'cutover-stamps': '{"COMM-040":{"route":"http","epoch":1}}',
      },
      payload: `{"payload":${payload},"meta":${meta}}`,
    })
    // Kept until its rating comes: what is wrong with a number would have been told before.
    assert.equal(answer.statusCode, 202, answer.body)
  }
  const { rows: parked } = await database.query<{ headers: string }>('select headers from parked order by fact_id')
  assert.deepEqual(
    parked.map(({ headers }) => (JSON.parse(headers) as Record<string, string>)['cutover-version']),
    ['0', '0', '0'],
  )
})

test('row 23: a body that comes a byte at a time is cut off with 408', async () => {
  // The limit of services is 30 seconds, which a test does not wait for: the same server with a shorter one.
  const { policy: _, ...route } = school.services.hiring.routes.find(one => one.operationId === 'registerCandidate') ?? assert.fail()
  const server = await aServer([{ ...route, policy: 'public' }], { requestTimeoutMs: 300 })
  await server.start()
  const socket = connect(server.url)
  const answered = answerOn(socket)
  socket.on('error', () => undefined)
  socket.write(`POST /candidates HTTP/1.1\r\nhost: x\r\n${json}\r\ncontent-length: 100000\r\n\r\n`)
  const trickle = setInterval(() => socket.write(' '), 20)
  const answer = await answered
  clearInterval(trickle)
  assertProblem(JSON.parse(answer.text) as ProblemDocument, { status: 408, code: 'request_timeout' }, secret)
  if (!socket.closed) await once(socket, 'close')
  await server.stop()
})

complete('http', [...rows.map(one => one.row), 17, 23])
