import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog, type Log } from './log.ts'

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
