import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { fieldError } from './field-error.ts'
import type { FieldError } from './problem.ts'

const ajv = new Ajv2020({ allErrors: true, strict: false })
formats.default(ajv)
const violations = (schema: object, value: unknown): FieldError[] => {
  const validate = ajv.compile(schema)
  assert.equal(validate(value), false)
  return (validate.errors ?? []).map(fieldError)
}

const cases: readonly (readonly [string, object, unknown, string])[] = [
  ['a missing field', { required: ['id'] }, {}, 'required'],
  ['a field too many', { properties: {}, additionalProperties: false }, { role: 'admin' }, 'unknown_field'],
  ['an unevaluated field', { unevaluatedProperties: false }, { role: 'admin' }, 'unknown_field'],
  ['another type', { type: ['string', 'null'] }, 5, 'type'],
  ['text beyond its length', { maxLength: 2 }, 'abc', 'too_long'],
  ['text that is too short', { minLength: 2 }, 'a', 'too_short'],
  ['a list beyond its length', { maxItems: 1 }, [1, 2], 'too_many'],
  ['a list that is too short', { minItems: 1 }, [], 'too_few'],
  ['a number below', { minimum: 0 }, -1, 'range'],
  ['a number above', { exclusiveMaximum: 100 }, 100, 'range'],
  ['a number between the steps', { multipleOf: 5 }, 4, 'range'],
  ['an id with a space', { pattern: '^[A-Za-z0-9_-]+$' }, ' ', 'id_format'],
  ['text of nothing but spaces', { pattern: '[^\\s\\p{C}]' }, '  ', 'blank'],
  ['a day without a time', { pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d$' }, 'yesterday', 'timestamp_format'],
  ['a time without a zone', { format: 'date-time' }, '2026-01-01T00:00:00', 'timestamp_format'],
  ['another pattern', { pattern: '^x$' }, 'y', 'format'],
  ['another format', { format: 'uuid' }, 'y', 'format'],
  ['a value that is not offered', { enum: ['a', 'b'] }, 'c', 'choice'],
  ['another constant', { const: 'a' }, 'b', 'choice'],
]
for (const [what, schema, value, code] of cases) {
  test(`${what} is called ${code}`, () => {
    assert.deepEqual(
      violations(schema, value).map(error => error.code),
      [code],
    )
  })
}

test('the pointer leads to the field, escaped, also where it is missing or too much', () => {
  const schema = { properties: { list: { items: { required: ['a/b'], properties: { 'a/b': {} }, additionalProperties: false } } } }
  assert.deepEqual(
    violations(schema, { list: [{ 'x~y': 1 }] }).map(error => error.pointer),
    ['/list/0/a~1b', '/list/0/x~0y'],
  )
})

test('the pointer stays short, however long a key was sent', () => {
  const [error] = violations({ additionalProperties: false }, { ['k'.repeat(100_000)]: 1 })
  assert.ok((error?.pointer.length ?? 0) < 300)
})

test('no violation repeats the value', () => {
  const secret = '+79261234567'
  const schemas = cases.map(([, schema]) => schema).filter(schema => !ajv.compile(schema)(secret))
  assert.ok(schemas.length >= 8)
  for (const schema of schemas) assert.ok(!JSON.stringify(violations(schema, secret)).includes(secret))
})
