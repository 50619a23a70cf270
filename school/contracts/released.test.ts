import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { canonicalJson } from 'cutover/contract/json'
import { openSchemaCheck } from '../../cutover/failure/schema-check.ts'
import { events } from './events.ts'
import ManagerCreated from './events/manager-created/v0.ts'
import TaskFailed from './events/task-failed/v0.ts'
import { released } from './released.ts'

const digest = (document: object): string => createHash('sha256').update(canonicalJson(document)).digest('hex')
const all = events.flatMap(event => event.versions.map((document, version) => ({ name: event.name, version, document })))

test('a released version is never edited, and none is released by accident', () => {
  assert.deepEqual(Object.fromEntries(all.map(one => [`${one.name} v${one.version}`, digest(one.document)])), released)
})

// Computed once from the two documents that the requirements give, byte for byte, apart from this repository: parsed as
// JSON, written with sorted keys and without spaces, SHA-256 over UTF-8.
const given = {
  TaskFailed: '662569d9cde9d6cf994deb11974b2410466dfebab103254a30bec61ff66ab787',
  ManagerCreated: '09ae2365ffcd198e76e840a4de25764145daf5aee684b3fdd3f33e218f8d9ebb',
}

test('the two given documents are reproduced exactly', () => {
  assert.deepEqual({ TaskFailed: digest(TaskFailed), ManagerCreated: digest(ManagerCreated) }, given)
})

test('the digest sees every change, and not the order of keys', () => {
  const { title, ...rest } = TaskFailed
  assert.equal(digest({ ...rest, title }), given.TaskFailed)
  assert.notEqual(digest({ ...TaskFailed, additionalProperties: false }), given.TaskFailed)
})

test('each version is one file, and no file is left out', () => {
  const folder = fileURLToPath(new URL('events', import.meta.url))
  const kebab = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
  const files = globSync('*/v*.ts', { cwd: folder }).map(file => `${dirname(file)}/${basename(file)}`)
  assert.deepEqual(files.toSorted(), all.map(one => `${kebab(one.name)}/v${one.version}.ts`).toSorted())
})

test('every document has the envelope: payload and meta, all of it required, the version and name fixed', () => {
  for (const { name, version, document } of all) {
    const { payload, meta } = document.properties as Record<
      'payload' | 'meta',
      { properties: Record<string, { enum?: unknown[] }>; required: string[] }
    >
    assert.equal(document.title, name)
    assert.deepEqual(document.required, ['payload', 'meta'], name)
    assert.deepEqual(
      payload.required.filter(field => payload.properties[field] === undefined),
      [],
      name,
    )
    // The first versions require everything.
    if (version === 0) assert.deepEqual(payload.required, Object.keys(payload.properties), name)
    assert.deepEqual(meta.required, ['event_id', 'event_version', 'event_name', 'produced_at'], name)
    assert.deepEqual([meta.properties['event_version']?.enum, meta.properties['event_name']?.enum], [[version], [name]], name)
  }
})

test('every document, and every set of bounds, compiles under JSON Schema 2020-12 in strict mode', () => {
  for (const { name, version, document } of all) {
    const valid = new Ajv2020({ strict: true }).compile(document)
    const envelope = { payload: {}, meta: { event_id: 'e', event_version: version, event_name: name, produced_at: 'now' } }
    assert.equal(valid(envelope), false, `${name} v${version} accepts an empty payload`)
  }
  // Bounds say more than JSON Schema has words for: which fields are about a person, what counts as a character.
  for (const event of events) openSchemaCheck().compile(event.bounds)
})
