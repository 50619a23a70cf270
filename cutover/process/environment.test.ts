import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, readEnvironment, type Variable } from './environment.ts'

const faultsOf = (schema: Record<string, Variable>, source: Record<string, string>): readonly string[] => {
  try {
    readEnvironment(schema, source)
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return error.faults
  }
  return []
}

test('values come in the types of their schema', () => {
  const environment = readEnvironment(
    {
      PORT: { kind: 'integer', describe: 'where', minimum: 1, maximum: 65_535 },
      RATE: { kind: 'number', describe: 'how fast' },
      URL: { kind: 'url', describe: 'whom' },
      KEY: { kind: 'file', describe: 'with what' },
      LOUD: { kind: 'flag', describe: 'whether' },
      BROKER: { kind: 'choice', describe: 'which', choices: ['postgres', 'kafka'] },
      NAME: { kind: 'text', describe: 'who', default: 'nobody' },
      EXTRA: { kind: 'text', describe: 'more', optional: true },
    },
    { PORT: '4400', RATE: '2.5', URL: 'http://127.0.0.1:1', KEY: import.meta.filename, LOUD: 'no', BROKER: 'kafka', NAME: '' },
  )
  const [port, broker, extra]: [number, 'postgres' | 'kafka', string | undefined] = [
    environment.PORT,
    environment.BROKER,
    environment.EXTRA,
  ]
  assert.deepEqual([port, broker, extra], [4400, 'kafka', undefined])
  assert.deepEqual([environment.RATE, environment.LOUD, environment.NAME], [2.5, false, 'nobody'])
})

test('all that is wrong is told at once, one line each, with name, rule and purpose', () => {
  const faults = faultsOf(
    {
      PORT: { kind: 'integer', describe: 'where it listens', minimum: 1, maximum: 65_535 },
      DATABASE_URL: { kind: 'url', describe: 'its own database' },
      LEVEL: { kind: 'choice', describe: 'how much is logged', choices: ['info', 'warn'] },
    },
    { PORT: '0', LEVEL: 'loud' },
  )
  assert.deepEqual(faults, [
    'PORT must be from 1 to 65535 (where it listens)',
    'DATABASE_URL is not set: its own database',
    'LEVEL must be one of info, warn (how much is logged)',
  ])
})

test('an empty variable counts as not set', () => {
  assert.deepEqual(faultsOf({ URL: { kind: 'url', describe: 'whom' } }, { URL: '' }), ['URL is not set: whom'])
})

const wrong: readonly (readonly [Variable['kind'], readonly string[]])[] = [
  ['integer', ['1.5', '0x10', '1e3', ' 5', 'five', '9007199254740993', '+5']],
  ['number', ['NaN', 'Infinity', '1e3', '.', '5 ']],
  ['flag', ['maybe', '2']],
  ['url', ['nowhere', '127.0.0.1']],
  ['file', ['/nonexistent/file', import.meta.dirname, 'a\u0000b']],
]
for (const [kind, texts] of wrong) {
  test(`of kind ${kind}, ${JSON.stringify(texts.map(text => text.replace(/^.*process$/, 'a folder')))} are refused`, () => {
    for (const text of texts) assert.equal(faultsOf({ X: { kind, describe: 'x' } }, { X: text }).length, 1, text)
  })
}

test('a fault never repeats the value, which may be a secret', () => {
  const secret = 'p4ssw0rd'
  for (const kind of ['integer', 'number', 'flag', 'url', 'file'] as const) {
    assert.ok(
      !faultsOf({ X: { kind, describe: 'x' } }, { X: secret })
        .join()
        .includes(secret),
    )
  }
})
