// The dashboard and the alert rules, held against what running processes show: real services and an engine, really scraped.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { programOf } from '../cli/program.ts'
import { allMetrics, engineMetrics, processMetrics, serviceMetrics } from '../cutover/telemetry/names.ts'
import { PaperClock } from './paper-terminal.ts'
import { familyOf, readsOf } from './promql.ts'
import { aCandidateWithATask } from './school-people.ts'
import { names, openSchool, type School } from './school.ts'

const file = (name: string): Promise<string> => readFile(new URL(`../${name}`, import.meta.url), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string }
}
interface Panel {
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const { groups } = parse(await file('deploy/observability/prometheus-rules.yaml')) as { groups: { name: string; rules: Rule[] }[] }
const rules = groups.flatMap(group => group.rules)
const dashboard = JSON.parse(await file('deploy/observability/grafana-dashboard.json')) as {
  panels: Panel[]
  templating: { list: { name: string; query: { query: string } }[] }
}
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: `panel ${title}`, expr }))),
]
// Whoever scrapes puts these on every series.
const scraped = ['job', 'instance']

/** The families that a process shows, by name, with the labels of all their series. */
async function scrape(school: School, to: Parameters<School['call']>[0]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { status, text } = await school.call(to, 'GET', '/metrics')
  assert.equal(status, 200)
  const families = new Map<string, Set<string>>([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => [name ?? '', new Set<string>()]))
  for (const line of text.split('\n')) {
    const [, name = '', labels = ''] = /^([a-z_0-9]+)(?:\{(.*)\})? /.exec(line) ?? []
    if (name === '') continue
    const family = families.get(name) ?? families.get(familyOf(name)) ?? assert.fail(`${name} has no type`)
    for (const [, label] of labels.matchAll(/(\w+)="/g)) family.add(label ?? '')
  }
  return families
}

/** Something of everything: both routes, a copy, a parked message, a refusal, a dead letter, a run that holds. */
async function live(school: School): Promise<void> {
  const { candidate, assignment, account, manager, task } = await aCandidateWithATask(school)
  const turned = async (to: 'hiring' | 'management', link: string, order: object): Promise<void> => {
    const { status, text } = await school.call(to, 'POST', '/operator/switch', { as: 'operator', body: { link, term: 1, ...order } })
    assert.equal(status, 200, text)
  }
  await turned('hiring', 'COMM-040', { route: 'http', shadow: true })
  const answered = await school.call('hiring', 'POST', `/assignments/${assignment}/answer`, {
    as: candidate,
    body: { answers: ['forty-two'] },
  })
  assert.equal(answered.status, 200, answered.text)
  await turned('management', 'COMM-080', { route: 'event' })
  const more = await school.call('management', 'POST', '/tasks', {
    as: manager,
    body: { title: 'Another', text: 'What?', questions: [{ question: 'What?', answer: 'Nothing' }] },
  })
  assert.equal(more.status, 201, more.text)
  await school.broker.append('hiring.task-failed', [{ key: task, value: 'not json', headers: {} }])
  const wrong = {
    payload: {},
    meta: { event_id: '00000000-0000-7000-8000-000000000001', event_version: 0, event_name: 'TaskCompleted', produced_at: 'x' },
  }
  const refused = await school.call('bonuses', 'POST', '/credits', {
    as: { from: 'hiring', link: 'COMM-040' },
    body: wrong,
    headers: {
      'idempotency-key': wrong.meta.event_id,
      'cutover-fact': wrong.meta.event_id,
      'cutover-event': 'TaskCompleted',
      'cutover-version': '0',
      'cutover-source': 'hiring',
      'cutover-position': '1',
    },
  })
  assert.equal(refused.status, 400, refused.text)
  const begun = await school.call('engine', 'POST', '/api/plans/COMM-050/apply', { as: 'operator', body: { to: 'event' } })
  assert.ok(begun.status < 300, begun.text)
  for (const _ of [1, 2, 3, 4]) await school.call('management', 'GET', '/candidates?limit=3', { as: manager })
  const verified = await school.call('engine', 'POST', '/api/verify', { as: 'operator' })
  assert.equal(verified.status, 200, verified.text)
  // What is still parked would only be parked once more.
  await school.until('both bookings of the author', async () => {
    const { status, body: said } = await school.call('bonuses', 'GET', `/accounts/${account}/statement`, { as: manager })
    return status === 200 && (said['bookings'] as { reason: string }[]).filter(one => one.reason === 'task created').length === 2
  })
  await comesTwice(school.broker, 'management.task-created')
}

test('every name and label that the dashboard and the rules use is one that a running process shows', async context => {
  // The reader of candidates finds its owner away, so that a breaker turns.
  const school = await openSchool(context, { away: { management: ['hiring'] } })
  await live(school)
  const shown = new Map<string, Set<string>>()
  await school
    .until('all metrics with their labels', async () => {
      for (const to of [...names, 'engine'] as const) {
        for (const [family, labels] of await scrape(school, to)) {
          const known = shown.get(family) ?? new Set()
          for (const label of labels) known.add(label)
          shown.set(family, known)
        }
      }
      return wanting(shown).length === 0
    })
    .catch(() => assert.deepEqual(wanting(shown), [], 'metrics that no process has shown with all their labels'))

  await context.test('used and shown', () => {
    const wrong = expressions.flatMap(({ where, expr }) => {
      const { used, grouped } = readsOf(expr)
      const unknown = used.filter(({ metric }) => !shown.has(metric) && !shown.has(familyOf(metric)))
      const able = new Set([
        ...scraped,
        'le',
        ...used.flatMap(({ metric }) => [...(shown.get(metric) ?? shown.get(familyOf(metric)) ?? [])]),
      ])
      const foreign = used.flatMap(({ metric, labels }) =>
        labels
          .filter(label => !(shown.get(metric) ?? shown.get(familyOf(metric)) ?? new Set()).has(label))
          .map(label => `${metric}{${label}}`),
      )
      return [
        ...unknown.map(({ metric }) => `${where}: no process shows ${metric}`),
        ...foreign.map(one => `${where}: no series has ${one}`),
        ...grouped.filter(label => !able.has(label)).map(label => `${where}: groups by ${label}, which none of its series has`),
      ]
    })
    assert.deepEqual(wrong, [])
  })
  await context.test('shown and named', () => {
    const own = [...shown.keys()].filter(name => name.startsWith('cutover_')).toSorted()
    assert.deepEqual(own, allMetrics.map(({ name }) => name).toSorted())
  })
})

/** The first record of a topic, sent once more, as a relay does that was killed before it could note that it had; and once with a field that nobody knows. */
async function comesTwice(broker: School['broker'], name: string): Promise<void> {
  for (;;) {
    const topic = (await broker.topic(name)) ?? assert.fail(name)
    const from = Array.from({ length: topic.partitions }, (_, partition) => ({ partition, offset: 0n }))
    const [record] = await broker.fetch(topic, from, 1, 1_000)
    if (record === undefined) continue
    const { payload, meta } = JSON.parse(record.value) as { payload: object; meta: object }
    return broker.append(name, [record, { ...record, value: JSON.stringify({ payload: { ...payload, unheard_of: 1 }, meta }) }])
  }
}

/** What has not been shown yet: a metric, or one of its labels. */
const wanting = (shown: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] =>
  allMetrics.flatMap(({ name, labels }) =>
    ['service', ...labels].filter(label => shown.get(name)?.has(label) !== true).map(label => `${name}{${label}}`),
  )

test('an instance has no series of what it cannot do', async context => {
  const school = await openSchool(context, { able: 'needed' })
  const { candidate, assignment, account, manager } = await aCandidateWithATask(school)
  const answered = await school.call('hiring', 'POST', `/assignments/${assignment}/answer`, {
    as: candidate,
    body: { answers: ['forty-two'] },
  })
  assert.equal(answered.status, 200, answered.text)
  await school.until(
    'the account',
    async () => (await school.call('bonuses', 'GET', `/accounts/${account}`, { as: manager })).status === 200,
  )
  const series = async (to: 'hiring' | 'bonuses', link: string, route: string): Promise<unknown> =>
    (await school.call(to, 'GET', `/operator/series/${link}?route=${route}`, { as: 'operator' })).body['series']
  assert.deepEqual(await series('hiring', 'COMM-040', 'http'), [
    'cutover_facts_total',
    'cutover_deliveries_total',
    'cutover_delivery_seconds',
  ])
  for (const to of ['hiring', 'bonuses'] as const) assert.deepEqual(await series(to, 'COMM-040', 'event'), [], to)
  // Of a data link that is read by HTTP nothing leaves its owner, and nothing arrives: the gauges are of the others.
  const { text } = await school.call('hiring', 'GET', '/metrics')
  const links = (metric: string): string[] =>
    [...text.matchAll(new RegExp(`^${metric}\\{.*link="([^"]+)"`, 'gm'))].map(([, link]) => link ?? '').toSorted()
  assert.deepEqual(links('cutover_outbox_facts'), ['COMM-030', 'COMM-040', 'COMM-050', 'COMM-060'])
  assert.deepEqual(links('cutover_breaker_state'), ['COMM-010', 'COMM-020', 'COMM-030', 'COMM-040', 'COMM-050', 'COMM-060'])
  assert.deepEqual(links('cutover_parked_messages'), [])
})

test('every metric is on the dashboard or in a rule', () => {
  const used = new Set(expressions.flatMap(({ expr }) => readsOf(expr).used.map(({ metric }) => familyOf(metric))))
  assert.deepEqual(
    allMetrics.map(({ name }) => name).filter(name => !used.has(name)),
    [],
  )
})

test('a name or a label that is not there is found', () => {
  const { used, grouped } = readsOf(
    'sum by (link, le) (rate(cutover_no_total{link=~"$link", colour="red}"}[5m])) / cutover_x_seconds_count > 0',
  )
  assert.deepEqual(used, [
    { metric: 'cutover_no_total', labels: ['link', 'colour'] },
    { metric: 'cutover_x_seconds_count', labels: [] },
  ])
  assert.deepEqual(grouped, ['link', 'le'])
  assert.equal(familyOf('cutover_x_seconds_count'), 'cutover_x_seconds')
})

test('the legends and summaries name labels that the expression has left, and the variables are of metrics that there are', () => {
  const legends = panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr, legendFormat }) =>
      [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].flatMap(([, label = '']) =>
        readsOf(expr).grouped.includes(label) ? [] : [`${title}: ${label}`],
      ),
    ),
  )
  const summaries = rules.flatMap(({ alert, expr, annotations }) =>
    Object.values(annotations).flatMap(text =>
      [...text.matchAll(/\$labels\.(\w+)/g)].flatMap(([, label = '']) =>
        readsOf(expr).grouped.includes(label) ? [] : [`${alert}: ${label}`],
      ),
    ),
  )
  assert.deepEqual([...legends, ...summaries], [])
  for (const { name, query } of dashboard.templating.list.filter(one => one.name !== 'datasource')) {
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query.query) ?? []
    const known = allMetrics.find(one => one.name === metric) ?? assert.fail(`${name} asks for ${metric}`)
    assert.ok(['service', ...known.labels].includes(label), `${name}: ${label}`)
  }
})

test('every rule has a name of its own, a severity, and a runbook that begins with a command that there is', () => {
  const program = programOf({
    environment: {},
    out: () => undefined,
    error: () => undefined,
    screen: null,
    clock: new PaperClock(0),
    onInterrupt: () => () => undefined,
  })
  const commands = new Set(program.commands.map(command => command.name()))
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
  for (const { alert, labels, annotations } of rules) {
    assert.ok(['info', 'warning', 'critical'].includes(labels.severity), alert)
    assert.ok(annotations.summary.length > 0 && annotations.description.length > 0, alert)
    const named = [...annotations.runbook.matchAll(/npx cutover ([a-z-]+)/g)].map(match => match[1] ?? '')
    assert.ok(named.length > 0, `${alert} has no command`)
    assert.deepEqual(
      named.filter(name => !commands.has(name)),
      [],
      alert,
    )
  }
})

test('the page of docs lists every metric with its labels, and no other', async () => {
  const page = await file('docs/observability.md')
  const listed = [...page.matchAll(/^\| `(cutover_\w+)` \| ([^|]*) \|/gm)].map(
    ([, name, labels = '']) => `${name}: ${labels.replaceAll('`', '').trim()}`,
  )
  const known = [processMetrics, serviceMetrics, engineMetrics].flatMap(group =>
    Object.values(group).map(({ name, labels }) => `${name}: ${labels.join(', ')}`),
  )
  assert.deepEqual(listed.toSorted(), known.toSorted())
})
