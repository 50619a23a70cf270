import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { counting, healthy, partition, topic, waits, worlds } from '../../tests/broken-worlds.ts'
import { aRun, reporting, unknownIn, unsaid } from '../../tests/doctoring.ts'
import { type Finding, findingWords } from '../api/doctor.ts'
import { checks, examine } from './doctor.ts'
import { finding, type Found } from './found.ts'

const find = (found: Found): readonly Finding[] => examine(found).findings

test('a world in which everything is as wanted has no finding', () => {
  assert.deepEqual(examine(healthy), { ok: true, checks: checks.length, findings: [] })
})

for (const [code, severity, found, command] of worlds) {
  test(`${code} is found: ${severity}${command === undefined ? '' : `, ${command}`}`, () => {
    const own = find(found).filter(one => one.code === code)
    assert.ok(own.length > 0, JSON.stringify(find(found)))
    assert.equal(own[0]?.severity, severity)
    assert.ok(
      own.some(one => command === undefined || one.commands[0] === command),
      JSON.stringify(own),
    )
    assert.deepEqual(find(found).flatMap(unsaid), [])
    assert.deepEqual(
      find(found).flatMap(one => one.commands.flatMap(unknownIn)),
      [],
    )
  })
}

test('every code of a finding is found in one of these worlds', () => {
  const seen = new Set<string>(worlds.map(([code]) => code))
  assert.deepEqual(
    Object.keys(findingWords).filter(code => !seen.has(code) && code !== 'check_failed'),
    [],
  )
})

test('docs/doctor.md lists every code, and no other', () => {
  const documentation = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8')
  const listed = [...documentation.matchAll(/^\| `(\w+)` \|/gm)].map(match => String(match[1]))
  assert.deepEqual(listed.toSorted(), Object.keys(findingWords).toSorted())
})

test('a check that cannot look is a finding, and the others go on', () => {
  const failing = { name: 'fails', look: () => assert.fail('cannot') }
  const other = { name: 'finds', look: () => [finding('warning', 'history_broken', 'engine', {})] }
  const { ok, checks, findings } = examine(healthy, [failing, other])
  assert.deepEqual(
    [ok, checks, findings.map(one => [one.code, one.severity])],
    [
      false,
      2,
      [
        ['check_failed', 'unknown'],
        ['history_broken', 'warning'],
      ],
    ],
  )
  assert.deepEqual(findings.flatMap(unsaid), [])
})

test('what follows from a run that is under way is no finding', () => {
  const shadow = counting(({ switches, instances, lanes }) => ({
    switches: switches.map(one => (one.link === 'L-1' ? { ...one, shadow: true } : one)),
    instances: instances.map(one => ({ ...one, capabilities: [...one.capabilities, 'produce:L-1'] })),
    lanes,
    topics: [topic('open')],
  }))
  const able = reporting(shadow, 'adding', ({ instances }) => ({
    instances: instances.map(one => ({ ...one, capabilities: [...one.capabilities, 'record:L-1'] })),
    partitions: [partition],
  }))
  assert.deepEqual(
    find(able)
      .map(one => one.code)
      .toSorted(),
    ['registry_missing', 'shadow_left'],
  )
  assert.deepEqual(find({ ...able, runs: [aRun({ state: 'running' })] }), [])
})

test('a fact that is open because it is parked is told once', () => {
  const both = reporting(
    counting(() => ({ waiting: [waits('outbox', 300), waits('carried', 400)] })),
    'adding',
    () => ({ waiting: [waits('parked', 300, 'L-2')] }),
  )
  assert.deepEqual(
    find(both).map(one => one.code),
    ['facts_parked'],
  )
})

test('times that are short yet are no finding', () => {
  const young = reporting(
    counting(() => ({ waiting: [waits('outbox', 30), waits('retry', 30)] })),
    'adding',
    () => ({ waiting: [waits('parked', 30, 'L-2')] }),
  )
  assert.deepEqual(find(young), [])
  assert.deepEqual(find({ ...healthy, nowMs: healthy.nowMs + 1_500 }), [])
})
