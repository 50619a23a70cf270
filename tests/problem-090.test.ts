import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { topicName } from '../cutover/contract/contract.ts'
import { events } from '../school/contracts/events.ts'
import { links } from '../school/contracts/links.ts'
import { plans } from '../school/plans/plans.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const services = ['management', 'hiring', 'bonuses']

interface SourceFile {
  readonly path: string
  readonly text: string
}

const files: readonly SourceFile[] = globSync('school/**/*.ts', { cwd: root, exclude: path => path.includes('node_modules') })
  .filter(path => !path.endsWith('.test.ts'))
  .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Whoever names a link without being at one of its ends: services that would have to be known to change it. */
const strangers = (all: readonly SourceFile[]): readonly string[] =>
  all.flatMap(({ path, text }) =>
    links
      .filter(
        ({ id, from, to }) => text.includes(id) && services.some(one => path.startsWith(`school/${one}/`) && one !== from && one !== to),
      )
      .map(({ id }) => `${path} names ${id}`),
  )

/** Whoever reaches into another service. */
const trespassers = (all: readonly SourceFile[]): readonly string[] =>
  all.flatMap(({ path, text }) =>
    services
      .filter(one => services.some(own => own !== one && path.startsWith(`school/${own}/`)) && new RegExp(`from '[./]+/${one}/`).test(text))
      .map(one => `${path} imports from ${one}`),
  )

/** Where something is declared. */
const declaring = (pattern: RegExp): readonly string[] => files.filter(({ text }) => pattern.test(text)).map(({ path }) => path)

test('Problem-090: each link is declared in one place, each event in a folder of its own, and each way of each link has one plan', () => {
  for (const { id, event } of links) {
    assert.deepEqual(declaring(new RegExp(`\\bid: '${id}'`)), ['school/contracts/links.ts'])
    const folder = topicName('', event).slice(1)
    assert.deepEqual(declaring(new RegExp(`defineEvent\\(\\{\\s*name: '${event}'`)), [`school/contracts/events/${folder}/event.ts`])
    assert.deepEqual(
      plans
        .filter(plan => plan.id === id)
        .map(plan => plan.to)
        .toSorted(),
      ['event', 'http'],
    )
  }
  assert.deepEqual(
    events.map(event => event.name).filter(name => links.every(link => link.event !== name)),
    [],
    'every event has a link that carries it',
  )
})

test('Problem-090: who changes a link has to know the two services at its ends, and no other', () => {
  assert.deepEqual(strangers(files), [])
  assert.deepEqual(trespassers(files), [])
})

test('Problem-090, the control: a service that knows a link of others, or reaches into them, is found', () => {
  const path = 'school/management/tasks/more.ts'
  assert.deepEqual(strangers([{ path, text: `read('COMM-040')` }]), [`${path} names COMM-040`])
  assert.deepEqual(trespassers([{ path, text: `import { post } from '../../bonuses/ledger/ledger.ts'` }]), [`${path} imports from bonuses`])
})
