import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { RouteDefinition } from './route.ts'
import type { Server } from './server.ts'
import { answerOn, aServer, connect, type RawAnswer } from './testing.ts'

const secret = 'Ada-Secret'
const body = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' },
    count: { type: 'integer', minimum: 0, maximum: 100 },
    inner: { type: 'object', properties: { a: {} } },
  },
} as const
const bodies: unknown[] = []
const things: RouteDefinition = {
  method: 'POST',
  path: '/things',
  operationId: 'addThing',
  summary: 'adds a thing',
  policy: 'public',
  body,
  async handle(request) {
    bodies.push(request.body)
    return { status: 201, body: request.body }
  },
}
const readThing: RouteDefinition = {
  policy: 'public',
  summary: 'a thing',
  method: 'GET',
  path: '/things/{id}',
  operationId: 'thing',
  params: { type: 'object', required: ['id'], properties: { id: body.properties.id } },
  query: { type: 'object', properties: { limit: { type: 'string', pattern: '^[0-9]{1,3}$' } } },
  handle: async ({ params }) => ({ body: params }),
}
let server: Server
before(async () => {
  server = await aServer([things, readThing], { requestTimeoutMs: 300 })
  await server.start()
})
after(() => server.stop())

const json = 'content-type: application/json'
/** What is answered to these bytes. */
async function send(bytes: string | Buffer): Promise<RawAnswer> {
  const socket = connect(server.url)
  socket.write(bytes)
  const answer = await answerOn(socket)
  socket.destroy()
  return answer
}
const post = (content: string | Buffer, header = json): Promise<RawAnswer> => {
  const bytes = Buffer.from(content)
  return send(
    Buffer.concat([Buffer.from(`POST /things HTTP/1.1\r\nhost: x\r\n${header}\r\ncontent-length: ${bytes.length}\r\n\r\n`), bytes]),
  )
}
const problem = (answer: RawAnswer): Record<string, unknown> & { errors?: { pointer: string; code: string }[] } => {
  assert.match(answer.head, /content-type: application\/problem\+json/i)
  return JSON.parse(answer.text) as Record<string, unknown>
}

const bad: readonly (readonly [string, string | Buffer, number, string, string?])[] = [
  ['an empty body', '', 400, 'body_empty'],
  ['a truncated body', '{"payload":', 400, 'json_syntax'],
  ['text after the document', `{"id":"a"} ${secret}`, 400, 'json_syntax'],
  ['a byte order mark', '\ufeff{"id":"a"}', 400, 'json_bom'],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'utf8_invalid'],
  ['a key that occurs twice', '{"id":"a","id":"b"}', 400, 'json_duplicate_key', '/id'],
  ['__proto__', '{"id":"a","__proto__":{"admin":true}}', 400, 'key_forbidden', '/__proto__'],
  ['33 levels', `{"id":${'['.repeat(32)}${']'.repeat(32)}}`, 400, 'json_too_deep'],
  ['a hundred thousand open arrays', '['.repeat(100_000), 400, 'json_too_deep'],
  ['2^53 + 1', '{"id":"a","count":9007199254740993}', 400, 'number_unsafe', '/count'],
  ['1e400', '{"id":"a","count":1e400}', 400, 'number_range', '/count'],
  ['NaN', '{"id":"a","count":NaN}', 400, 'json_syntax'],
  ['a lone surrogate', `{"id":"${secret}\\ud800"}`, 400, 'unicode_surrogate', '/id'],
  ['U+0000', `{"id":"${secret}\\u0000"}`, 400, 'unicode_nul', '/id'],
  ['null', 'null', 400, 'type_object', ''],
  ['an array', '[]', 400, 'type_object', ''],
  ['a string', `"${secret}"`, 400, 'type_object', ''],
  ['a number', '5', 400, 'type_object', ''],
  ['a missing field', '{}', 400, 'required', '/id'],
  ['an unknown field', '{"id":"a","manager_phone":"+7 926"}', 400, 'unknown_field', '/manager_phone'],
  ['an unknown field inside', '{"id":"a","inner":{"role":"admin"}}', 400, 'unknown_field', '/inner/role'],
  ['another type', '{"id":"a","count":"5"}', 400, 'type', '/count'],
  ['a fraction for an integer', '{"id":"a","count":4.5}', 400, 'type', '/count'],
  ['a number out of range', '{"id":"a","count":101}', 400, 'range', '/count'],
  ['an id of spaces', '{"id":"   "}', 400, 'id_format', '/id'],
  ['an id with a right-to-left override', '{"id":"a\u202eb"}', 400, 'id_format', '/id'],
  ['an id of 65 characters', `{"id":"${'a'.repeat(65)}"}`, 400, 'too_long', '/id'],
  ['257 KiB', `{"id":"${'a'.repeat(257 * 1024)}"}`, 413, 'body_too_large'],
]
for (const [what, content, status, code, pointer] of bad) {
  test(`${what} is refused with ${status} ${code}, and changes nothing`, async () => {
    const done = bodies.length
    const answer = await post(content)
    const { errors, ...document } = problem(answer)
    assert.equal(answer.status, status)
    assert.ok(document['code'] === code || errors?.some(error => error.code === code), answer.text)
    if (pointer !== undefined) assert.equal(errors?.[0]?.pointer, pointer)
    assert.match(String(document['trace_id']), /^[0-9a-f]{32}$/)
    assert.ok(!answer.text.includes(secret) && !answer.text.includes('+7 926'), 'the value is not repeated')
    assert.equal(bodies.length, done)
  })
}

const badHeaders: readonly (readonly [string, string, number, string])[] = [
  ['JSON as text/plain', 'content-type: text/plain', 415, 'media_type_unsupported'],
  ['no content type', 'x: y', 415, 'media_type_unsupported'],
  ['UTF-16', 'content-type: application/json; charset=utf-16', 415, 'charset_unsupported'],
  ['UTF-16 in quotes', 'content-type: application/json; Charset="UTF-16"', 415, 'charset_unsupported'],
  ['headers of 17 KiB', `x: ${'y'.repeat(17 * 1024)}`, 431, 'headers_too_large'],
  ['a body with two lengths', `${json}\r\ntransfer-encoding: chunked`, 400, 'request_invalid'],
]
for (const [what, header, status, code] of badHeaders) {
  test(`${what} is refused with ${status} ${code}`, async () => {
    const answer = await post('{"id":"a"}', header)
    assert.equal(problem(answer)['code'], code)
    assert.equal(answer.status, status)
  })
}

test('a compressed body is refused unread', async () => {
  const answer = await post(gzipSync('{"id":"a"}'), `${json}\r\ncontent-encoding: gzip`)
  assert.deepEqual([answer.status, problem(answer)['code']], [415, 'encoding_unsupported'])
})

test('a body too large is told the limit, and the connection closes', async () => {
  const answer = await post(`{"id":"${'a'.repeat(257 * 1024)}"}`)
  assert.match(String(problem(answer)['detail']), /256 KiB/)
  assert.match(answer.head, /connection: close/i)
})

test('a chunked body is cut at the limit, however much there is to come', async () => {
  const socket = connect(server.url)
  const answered = answerOn(socket)
  socket.write(`POST /things HTTP/1.1\r\nhost: x\r\n${json}\r\ntransfer-encoding: chunked\r\n\r\n`)
  socket.write(`${(256 * 1024).toString(16)}\r\n${' '.repeat(256 * 1024)}\r\n1\r\n \r\n`)
  const answer = await answered
  assert.deepEqual([answer.status, problem(answer)['code']], [413, 'body_too_large'])
  socket.destroy()
})

test('what cannot be a request is answered, and the connection closes', async () => {
  for (const [bytes, status, code] of [
    ['nonsense\r\n\r\n', 405, 'method_not_allowed'],
    ['FROB /things HTTP/1.1\r\nhost: x\r\n\r\n', 405, 'method_not_allowed'],
    ['GET /things HTTP/9.9\r\nhost: x\r\n\r\n', 400, 'request_invalid'],
  ] as const) {
    const socket = connect(server.url)
    socket.write(bytes)
    const answer = await answerOn(socket)
    assert.deepEqual([answer.status, problem(answer)['code']], [status, code])
    if (status === 405) assert.match(answer.head, /^allow: GET, HEAD, POST$/im)
    if (!socket.closed) await once(socket, 'close')
  }
})

test('a request that arrives too slowly is refused with 408', async () => {
  const socket = connect(server.url)
  socket.write(`POST /things HTTP/1.1\r\nhost: x\r\n${json}\r\ncontent-length: 100\r\n\r\n{`)
  const answer = await answerOn(socket)
  assert.deepEqual([answer.status, problem(answer)['code']], [408, 'request_timeout'])
})

test('a path serves its methods only and names them; another path is not found, whatever is sent to it', async () => {
  const ask = async (method: string, path: string, content = ''): Promise<unknown[]> => {
    const answer = await send(
      `${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${content.length}\r\n\r\n${content}`,
    )
    return [answer.status, problem(answer)['code'], /^allow: (.*)$/im.exec(answer.head)?.[1]]
  }
  assert.deepEqual(await ask('PATCH', '/things', 'x'), [405, 'method_not_allowed', 'POST'])
  assert.deepEqual(await ask('DELETE', '/things/a'), [405, 'method_not_allowed', 'GET, HEAD'])
  assert.deepEqual(await ask('POST', '/livez', '{'), [405, 'method_not_allowed', 'GET, HEAD'])
  for (const path of ['/nothing', '/things/', '/livez/..;/things', '/openapixjson', '/%zz']) {
    assert.deepEqual((await ask('POST', path, '{')).slice(0, 2), [404, 'not_found'], path)
  }
  assert.deepEqual((await ask('GET', `/things/${'a'.repeat(201)}`)).slice(0, 2), [404, 'not_found'])
})

test('a parameter that breaks a rule, or is not one, is refused with its pointer', async () => {
  for (const [path, pointer, code] of [
    ['/things/a%20b', '/id', 'id_format'],
    ['/things/a%00', '/id', 'unicode_nul'],
    ['/things/a?limit=x', '/limit', 'format'],
    ['/things/a?limit=1&limit=2', '/limit', 'type'],
    ['/things/a?admin=true', '/admin', 'unknown_field'],
  ] as const) {
    const answer = await send(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
    const { errors, code: kind } = problem(answer)
    assert.deepEqual([answer.status, kind, errors?.[0]?.pointer, errors?.[0]?.code], [400, 'parameter_invalid', pointer, code], path)
  }
})

test('minus zero is 0 and 1.0 is 1 for an integer', async () => {
  const answers = [await post('{"id":"a","count":-0}'), await post('{"id":"a","count":1.0}')]
  assert.deepEqual(
    answers.map(answer => answer.text),
    ['{"id":"a","count":0}', '{"id":"a","count":1}'],
  )
})

test('a key as long as the body does not come back as a pointer', async () => {
  const answer = await post(`{"${'k'.repeat(100_000)}":1e400}`)
  assert.equal(answer.status, 400)
  assert.ok(answer.text.length < 1_000)
})

test('injected requests meet the same rules', async () => {
  const inject = async (payload: string): Promise<number> =>
    (await server.inject({ method: 'POST', url: '/things', headers: { 'content-type': 'application/json' }, payload })).statusCode
  assert.deepEqual([await inject('{"id":"a"}'), await inject('{"id":"a","x":1}'), await inject('')], [201, 400, 400])
})
