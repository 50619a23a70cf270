// A system of several services in memory whose columns and versions change: it obeys the rules that the real one keeps,
// breaks where the real one would, and moves a little with every look at it.
import assert from 'node:assert/strict'
import { documentDigest } from 'cutover/registry'
import { Problem } from 'cutover/failure'
// Knows the problems of services that are away or refuse.
import '../engine/services/directory.ts'
import type { ChangePlan } from '../engine/plan/plan.ts'
import type { ColumnsStand, ColumnsStep, Instance, World } from '../engine/plan/world.ts'
import { registryOf } from './small-registry.ts'
import type { TestWorld } from './small-world.ts'

interface Table {
  added: ColumnsStand['added']
  guard: ColumnsStand['guard']
  old: ColumnsStand['old']
  relaxed: boolean
  filled: number
  /** Rows whose old column was left alone. */
  stale: number
  fill: ColumnsStand['fill']
}

const rows = 3
/** A page is a row, and a row takes a second. */
const pageMs = 1_000

export function openChangeWorld({ id, change }: ChangePlan): TestWorld {
  const capabilities = new Map<string, Set<string>>(change.services.map(service => [service, new Set<string>()]))
  const wanted = new Map<string, Set<string>>(change.services.map(service => [service, new Set<string>()]))
  const tables = new Map<string, Table>(
    change.services.map(service => [
      service,
      { added: 'absent', guard: 'none', old: 'present', relaxed: false, filled: 0, stale: 0, fill: null },
    ]),
  )
  const registered = new Map<string, string | null>()
  const told = new Map(change.events.map(({ event }) => [event.name, 0]))
  /** Facts of an event in a version that have not arrived. */
  const open = new Map<string, number>()
  let nowMs = 0
  const self: TestWorld = {
    away: null,
    different: 0,
    refuseTurn: null,
    outstanding: 0,
    dead: 0,
    strays: 0,
    unsure: null,
    orders: [],
    state: () => ({
      ...Object.fromEntries([...capabilities].map(([service, all]) => [service, [...all].toSorted()])),
      registered: [...registered.keys()].toSorted(),
      told: Object.fromEntries(told),
      tables: Object.fromEntries(
        [...tables].map(([service, { fill: _, ...table }]) => [
          service,
          // What was filled goes with the columns.
          table.added === 'absent' ? { ...table, filled: 0 } : table,
        ]),
      ),
    }),
    world,
  }

  const tableOf = (service: string): Table => tables.get(service) ?? assert.fail(service)
  const can = (service: string, ability: string): boolean => capabilities.get(service)?.has(`${ability}:${id}`) === true
  const openOf = (event: string, version: number): number => open.get(`${event} ${version}`) ?? 0

  function reach(service: string): void {
    if (self.away === service)
      throw new Problem('service_away', {
        detail: `${service} does not answer`,
        retryable: true,
        extensions: { service, reason: 'refused' },
      })
  }

  function ask(service: string): Table {
    reach(service)
    return tableOf(service)
  }

  /** What would break in the real system as soon as a row is written or read. */
  function live(service: string): void {
    const table = tableOf(service)
    const [writesNew, readsNew, only] = [can(service, 'dual-write'), can(service, 'read-new'), can(service, 'write-new')]
    if (writesNew) assert.equal(table.added, 'present', `${service} writes columns that are not there`)
    if (table.guard !== 'none') assert.ok(writesNew, `${service} writes rows that the guard refuses`)
    if (readsNew) assert.equal(table.filled, rows, `${service} reads columns that are empty`)
    if (only) assert.ok(table.relaxed, `${service} leaves a column out that is demanded`)
    else assert.equal(table.old, 'present', `${service} reaches for a column that is hidden`)
    if (!readsNew) assert.equal(table.stale, 0, `${service} reads an old column that was left alone`)
    if (only) table.stale = rows
  }

  /** A second passes in all of it. */
  function pass(): void {
    nowMs += pageMs
    for (const service of change.services) live(service)
    for (const { event } of change.events) {
      const now = told.get(event.name) ?? 0
      open.set(`${event.name} ${now}`, 5)
      for (let version = 0; version < event.versions.length; version++)
        if (version !== now) open.set(`${event.name} ${version}`, Math.max(0, openOf(event.name, version) - 1))
      if (openOf(event.name, 1) > 0)
        assert.ok(
          change.services.some(service => capabilities.get(service)?.has(`handle:${event.name}-v1`)),
          `${event.name} v1 is on its way, and nobody handles it`,
        )
    }
  }

  const steps: Readonly<Record<ColumnsStep, (table: Table) => Partial<Table>>> = {
    expand: () => ({ added: 'present' }),
    retract: () => ({ added: 'absent', filled: 0, guard: 'none' }),
    guard: ({ guard }) => ({ guard: guard === 'none' ? 'new_rows' : guard }),
    unguard: () => ({ guard: 'none' }),
    check(table) {
      assert.equal(table.filled, rows, 'a row without the new columns was checked')
      return { guard: 'all_rows' }
    },
    relax: () => ({ relaxed: true }),
    tighten(table) {
      assert.equal(table.stale, 0, 'a row without the old column was found')
      return { relaxed: false }
    },
    quarantine: ({ old }) => ({ old: old === 'present' ? 'quarantined' : old }),
    restore: ({ old }) => ({ old: old === 'quarantined' ? 'present' : old }),
    drop: ({ old }) => ({ old: old === 'quarantined' ? 'absent' : old }),
  }

  function fillOn(service: string): void {
    const table = tableOf(service)
    const job = table.fill
    if (job?.state !== 'filling') return
    const filled = job.filled + 1
    table.fill = { ...job, filled, tookMs: filled * pageMs, state: filled === job.total ? 'done' : 'filling' }
    if (job.askedBy.endsWith(':back')) table.stale = Math.max(0, table.stale - 1)
    else table.filled = Math.min(rows, table.filled + 1)
  }

  function world(run: string | null): World {
    const absent = (): never => assert.fail('this system moves no link')
    return {
      run,
      now: () => (pass(), nowMs),
      link: absent,
      event: name => change.events.find(({ event }) => event.name === name)?.event ?? assert.fail(name),
      async instances(service): Promise<readonly Instance[]> {
        ask(service)
        // A rollout is over by the next look.
        const now = [...(capabilities.get(service) ?? [])]
        capabilities.set(service, new Set(wanted.get(service)))
        pass()
        return [{ id: `${service}-1`, capabilities: now, build: 'test', readings: {} }]
      },
      async knownVersions(service) {
        ask(service)
        return change.events.flatMap(({ event }) =>
          event.versions.map((document, version) => ({ event: event.name, version, digest: documentDigest(document) })),
        )
      },
      async ignorantOf(service) {
        ask(service)
        return []
      },
      async columns(service, of): Promise<readonly ColumnsStand[]> {
        assert.equal(of, id)
        const table = ask(service)
        fillOn(service)
        pass()
        return [{ table: 'task', column: 'title', ...table, rows, quietMs: null, uses: [] }]
      },
      async columnsTo(service, _, step) {
        const table = ask(service)
        const next = { ...table, ...steps[step](table) }
        if (JSON.stringify(next) !== JSON.stringify(table)) self.orders.push(`${step} ${service}`)
        Object.assign(table, next)
        live(service)
      },
      async fill(service, _, order, askedBy) {
        const table = ask(service)
        if (order === 'cancel') {
          if (table.fill?.askedBy === askedBy && table.fill.state === 'filling') table.fill = { ...table.fill, state: 'cancelled' }
        } else if (table.fill?.askedBy !== askedBy || table.fill.state === 'cancelled') {
          table.fill = { state: 'filling', askedBy, total: rows, filled: 0, tookMs: 0 }
        }
      },
      async compareColumns(service) {
        const table = ask(service)
        assert.equal(table.filled, rows, 'rows that are not filled were compared')
        return [{ table: 'task', rows, different: self.different, keys: self.different > 0 ? ['t-1'] : [] }]
      },
      async versionOf(name) {
        pass()
        return { version: told.get(name) ?? 0, newest: 1, epoch: 1 }
      },
      async turnVersion(name, version, dryRun = false) {
        const { service } = world(run).event(name)
        ask(service)
        if (self.refuseTurn !== null) throw new Problem('service_refused', { detail: self.refuseTurn })
        if (version > 0 && capabilities.get(service)?.has(`state:${name}-v${version}`) !== true)
          throw new Problem('service_refused', { detail: `${service} cannot state ${name} v${version}` })
        if (dryRun || told.get(name) === version) return
        told.set(name, version)
        self.orders.push(`tell ${name} v${version}`)
        pass()
      },
      async drainingVersion(name, version) {
        pass()
        const outstanding = openOf(name, version) + self.dead
        const counts = { onTheirWay: outstanding - self.dead, retrying: 0, parked: 0, dead: self.dead, unsure: self.unsure }
        return { told: told.get(name) ?? 0, issued: 10 + self.dead, outstanding, ...counts }
      },
      registry: registryOf(registered),
      deployer: {
        async deploy(service, { add, remove, dryRun = false }) {
          reach('deployer')
          if (dryRun) return
          const next = new Set([...(wanted.get(service) ?? []), ...add].filter(one => !remove.includes(one)))
          if ([...next].toSorted().join() === [...(wanted.get(service) ?? [])].toSorted().join()) return
          wanted.set(service, next)
          self.orders.push(`deploy ${service}: ${[...next].toSorted().join(' ')}`)
        },
      },
      links: () => [],
      positions: absent,
      routeOf: absent,
      switchOf: absent,
      turn: absent,
      parity: absent,
      draining: absent,
      reading: absent,
      read: absent,
      readParity: absent,
      compareCopy: absent,
      topic: absent,
      topicTo: absent,
      series: absent,
      copy: absent,
      telling: absent,
      tell: absent,
      certify: absent,
      certificate: absent,
      refuse: absent,
    }
  }

  return self
}
