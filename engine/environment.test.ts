import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError } from 'cutover/process/environment'
import { readEngineEnvironment } from './environment.ts'

const file = import.meta.filename
const fine = {
  ENGINE_DATABASE_URL: 'postgres://engine@127.0.0.1/engine',
  PORT: '4400',
  PRIVATE_KEY_FILE: file,
  OPERATOR_TOKEN_FILE: file,
  SERVICE_URLS: '{"hiring":["http://127.0.0.1:4420"]}',
}

test('a complete environment is read', () => {
  assert.deepEqual(readEngineEnvironment(fine).SERVICE_URLS, { hiring: ['http://127.0.0.1:4420'] })
})

test('approvals are asked for only where somebody can give them', () => {
  assert.equal(readEngineEnvironment(fine).APPROVALS, 'off')
  assert.throws(() => readEngineEnvironment({ ...fine, APPROVALS: 'on' }), /nobody could approve: set APPROVER_TOKEN_FILE/)
  assert.equal(readEngineEnvironment({ ...fine, APPROVALS: 'on', APPROVER_TOKEN_FILE: file }).APPROVALS, 'on')
})

test('all that is missing is told at once', () => {
  assert.throws(
    () => readEngineEnvironment({}),
    (error: Error) => error instanceof ConfigurationError && error.faults.length === 5,
  )
})

for (const urls of ['nonsense', '[]', '{"hiring":[]}', '{"hiring":"http://127.0.0.1"}', '{"hiring":["nowhere"]}', 'null']) {
  test(`SERVICE_URLS of ${urls} is refused with the form that it must have`, () => {
    assert.throws(
      () => readEngineEnvironment({ ...fine, SERVICE_URLS: urls }),
      /SERVICE_URLS must be a JSON object with a list of addresses per service/,
    )
  })
}
