import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countLink } from '../../tests/counting.ts'
import { ConfigurationError } from '../process/environment.ts'
import { readServiceEnvironment } from './environment.ts'

const links = [countLink, { ...countLink, id: 'L-2', start: 'event' as const }]
const complete = {
  DATABASE_URL: 'postgres://one@127.0.0.1/one',
  LOG_DATABASE_URL: 'postgres://log@127.0.0.1/log',
  PORT: '4400',
  INSTANCE: '1',
  PRIVATE_KEY_FILE: import.meta.filename,
  TRUSTED_KEYS_FILE: import.meta.filename,
  SERVICE_URLS: '{"adding":["http://127.0.0.1:4410"]}',
}
const read = (more: Record<string, string>, service = 'adding') => readServiceEnvironment(service, links, [], [], { ...complete, ...more })
const faultsOf = (more: Record<string, string>, service?: string): readonly string[] => {
  try {
    read(more, service)
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    assert.ok(error.faults.every(fault => !fault.includes('\n')))
    return error.faults
  }
  return []
}

test('without the variable an instance can do what the starting routes need', () => {
  assert.deepEqual(read({}).CAPABILITIES, ['serve:L-1', 'act:L-2'])
  assert.deepEqual(read({ CAPABILITIES: '' }).CAPABILITIES, ['serve:L-1', 'act:L-2'])
  assert.deepEqual(read({}, 'counting').CAPABILITIES, ['call:L-1', 'produce:L-2'])
})

test('with it, what it says and nothing else', () => {
  assert.deepEqual(read({ CAPABILITIES: 'record:L-1, serve:L-2,record:L-1' }).CAPABILITIES, ['record:L-1', 'serve:L-2'])
  assert.deepEqual(read({ CAPABILITIES: 'none' }).CAPABILITIES, [])
})

test('an unknown ability or link, and the other side of a link, are a line each, together with every other fault', () => {
  const faults = faultsOf({ CAPABILITIES: 'melt:L-1,act:L-9,call:L-1,act:L-1', SERVICE_URLS: '{}x' })
  assert.equal(faults.length, 4)
  for (const [index, text] of [
    'SERVICE_URLS',
    'item 1 is none',
    'L-9, which does not exist; links: L-1, L-2',
    'call:L-1, which adding can never do',
  ].entries())
    assert.ok((faults[index] ?? '').includes(text), faults[index] ?? '')
  assert.equal(faultsOf({ CAPABILITIES: ',' }).length, 2)
})

test('a line never repeats what is no capability', () => {
  assert.ok(!faultsOf({ CAPABILITIES: 'my-secret' }).join('').includes('my-secret'))
})

test('a build has a name: the version of the library when none is given', () => {
  assert.match(read({}).BUILD, /^\d+\.\d+\.\d+$/)
  assert.equal(read({ BUILD: 'abc123' }).BUILD, 'abc123')
  assert.deepEqual(faultsOf({ BUILD: 'x'.repeat(201) }), ['BUILD must have at most 200 characters'])
})

test('events are carried by the PostgreSQL log unless it is said otherwise, and each log needs its own address only', () => {
  assert.deepEqual(read({}).eventLog, { kind: 'postgres', url: complete.LOG_DATABASE_URL, keepHours: 48 })
  const kafka = { CUTOVER_BROKER: 'kafka', LOG_DATABASE_URL: '', KAFKA_BROKERS: 'one:9092, [::1]:9093,10.0.0.3:9094' }
  assert.deepEqual(read(kafka).eventLog, { kind: 'kafka', brokers: ['one:9092', '[::1]:9093', '10.0.0.3:9094'] })
  assert.deepEqual(read({ ...kafka, CUTOVER_BROKER: '', BROKER: 'kafka' }).eventLog, read(kafka).eventLog)
  assert.deepEqual(faultsOf({ LOG_DATABASE_URL: '' }), ['LOG_DATABASE_URL is not set: the database of the PostgreSQL log'])
  for (const KAFKA_BROKERS of ['', 'one', 'one:99999', 'one:9092,', 'one:9092,two', 'user@one:9092', 'http://one:9092']) {
    const [fault = '', ...more] = faultsOf({ ...kafka, KAFKA_BROKERS })
    assert.match(fault, /^KAFKA_BROKERS must list brokers/)
    assert.deepEqual(more, [])
  }
})
