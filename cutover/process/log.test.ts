import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog, type Log } from './log.ts'
import { newTrace, withTrace } from './trace.ts'

const memory = (): { log: Log; lines: string[] } => {
  const lines: string[] = []
  return { log: openLog({ service: 's', instance: '2', level: 'info' }, { write: line => void lines.push(line) }), lines }
}

test('one record is one line of JSON with service and instance, whatever its text holds', () => {
  const { log, lines } = memory()
  log.info({ title: 'a\r\n{"level":60}\u001b[31m' }, 'forged\nline')
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.trimEnd().split(/[\r\n]/).length, 1)
  assert.ok(!lines[0]?.includes('\u001b'))
  const record = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  assert.deepEqual([record['service'], record['instance'], record['msg']], ['s', '2', 'forged\nline'])
})

test('tokens, passwords, names of people and rows in errors of PostgreSQL are struck out', () => {
  const { log, lines } = memory()
  const error = Object.assign(new Error('duplicate key'), { detail: 'Key (first_name)=(Ada) exists', where: 'Ada' })
  log.warn({ err: error, token: 'Ada', req: { headers: { authorization: 'Bearer Ada' } }, body: { first_name: 'Ada', name: 'Ada' } }, 'x')
  assert.ok(!lines[0]?.includes('Ada'), String(lines[0]))
  assert.match(String(lines[0]), /duplicate key/)
})

test('records below the level are not written', () => {
  const { log, lines } = memory()
  log.debug('quiet')
  assert.deepEqual(lines, [])
})

test('a text that quotes what was read is told without it, in an error and in what caused it', () => {
  const { log, lines } = memory()
  const notJson = (text: string): unknown => {
    try {
      return JSON.parse(text)
    } catch (error) {
      return error
    }
  }
  const ofPostgres = Object.assign(new Error('invalid input syntax for type bigint: "Ada Lovelace"'), {
    code: '22P02',
    detail: 'Ada',
    internalQuery: 'Ada',
  })
  log.warn({ err: ofPostgres }, 'one')
  log.warn({ err: new Error('outer', { cause: notJson('Ada Lovelace') }) }, 'two')
  log.warn({ err: new Error('outer', { cause: new Error('inner', { cause: ofPostgres }) }) }, 'three')
  log.warn({ err: Object.assign(new Error('relation "ledger" does not exist'), { code: '42P01', table: 'ledger' }) }, 'four')
  assert.ok(!lines.join('').includes('Ada'), lines.join(''))
  const [one, two, , four] = lines.map(
    line => (JSON.parse(line) as { err: { message: string; stack: string; cause?: { type: string } } }).err,
  )
  assert.equal(one?.message, 'invalid input syntax for type bigint: [hidden]')
  assert.match(one?.stack ?? '', /log\.test\.ts/)
  assert.equal(two?.cause?.type, 'SyntaxError')
  assert.equal(four?.message, 'relation "ledger" does not exist')
})

test('what is no error is told by its kind, and a chain of causes has an end', () => {
  const { log, lines } = memory()
  log.warn({ err: { first_name: 'Ada' } }, 'an object')
  const round = new Error('round')
  round.cause = round
  log.warn({ err: round }, 'round')
  assert.ok(!lines[0]?.includes('Ada'))
  assert.equal(lines[1]?.match(/"message":"round"/g)?.length, 6)
})

test('a line that is written as part of a trace names it', () => {
  const { log, lines } = memory()
  const trace = newTrace()
  withTrace(trace, () => log.info('inside'))
  log.info('outside')
  const [inside, outside] = lines.map(line => JSON.parse(line) as { trace_id?: string })
  assert.deepEqual([inside?.trace_id, outside?.trace_id], [trace.traceId, undefined])
})
