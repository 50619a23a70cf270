// A data link as verbs see it, exactly as a test says that it stands: it moves by orders alone, each of which is noted.
import { Problem } from 'cutover/failure'
// Knows the problems of services that are away or refuse.
import '../engine/services/directory.ts'
import type { Draining, Instance, Reading, ReadParity, Standing, SwitchStand, Telling, TopicStand, World } from '../engine/plan/world.ts'
import { wordLink } from './copying.ts'

const noReads: ReadParity = {
  equal: 0,
  stale: 0,
  different: 0,
  missing: 0,
  extra: 0,
  failed: 0,
  skipped: 0,
  inARow: 0,
  lagP50Ms: null,
  lagP99Ms: null,
  rate: 0,
}

export interface Scene {
  readParity: ReadParity
  reading: Reading
  switch: SwitchStand
  topic: TopicStand
  telling: Telling
  draining: Draining
  /** By service. */
  instances: Readonly<Record<string, readonly Instance[]>>
  certificate: Standing
  /** Why services and the deployer refuse what they are ordered. */
  refuses: string | null
  byHand: boolean
  /** Every order, in order; a dry run begins with `try`. */
  readonly orders: string[]
}

export const anInstance = (id: string, capabilities: readonly string[], more: Partial<Instance> = {}): Instance => ({
  id,
  capabilities,
  build: 'b1',
  readings: {},
  ...more,
})

export const aCopy = (state: Reading['copy']['state'], more: Partial<Reading['copy']> = {}): Reading['copy'] => ({
  state,
  rows: state === 'absent' ? 0 : 3,
  quietMs: state === 'quarantined' ? 60_000 : null,
  touches: [],
  ...more,
})

export const aReading = (answers: Reading['answers'], more: Partial<Reading> = {}): Reading => ({
  answers,
  compares: false,
  epoch: 1,
  copy: aCopy('present'),
  ...more,
})

export const aTopic = (state: TopicStand['state']): TopicStand => ({ state, quietMs: null, touches: [] })

export const aTelling = (state: Telling['state'], askedBy: string | null, copied: number, arrived = false): Telling => ({
  state,
  askedBy,
  total: 10,
  copied,
  tookMs: 1_000,
  arrived,
})

export const aDraining = (more: Partial<Draining> = {}): Draining => ({
  route: 'http',
  share: 100,
  since: 2,
  issued: 10,
  newest: 1,
  outstanding: 0,
  onTheirWay: 0,
  retrying: 0,
  parked: 0,
  dead: 0,
  late: { count: 0, fact: null, epoch: null },
  unsure: null,
  ...more,
})

/** L-2, which `counting` owns and `adding` reads, with one instance each; by HTTP, unless it is said otherwise. */
export function openScene(seen: Partial<Scene> = {}, run: string | null = 'R-1'): { world: World; scene: Scene } {
  const scene: Scene = {
    reading: aReading('http'),
    switch: { route: 'http', share: 100, shadow: false, epoch: 1 },
    topic: aTopic('open'),
    telling: aTelling('none', null, 0),
    readParity: { ...noReads },
    draining: aDraining(),
    instances: { counting: [anInstance('counting-1', [])], adding: [anInstance('adding-1', [])] },
    certificate: { is: 'valid', count: aDraining() },
    refuses: null,
    byHand: false,
    orders: [],
    ...seen,
  }
  /** False for a dry run, which changes nothing. */
  function order(what: string, dryRun = false): boolean {
    if (scene.refuses !== null) throw new Problem('service_refused', { detail: scene.refuses })
    scene.orders.push(dryRun ? `try ${what}` : what)
    return !dryRun
  }
  const world: Partial<World> = {
    run,
    link: () => wordLink,
    links: () => [wordLink],
    instances: async service => scene.instances[service] ?? [],
    reading: async () => scene.reading,
    readParity: async () => scene.readParity,
    async read({ answers, compares }, dryRun) {
      const { epoch } = scene.reading
      if (order(`read ${answers}${compares ? ', compared' : ''}`, dryRun))
        scene.reading = { ...scene.reading, answers, compares, epoch: epoch + 1 }
    },
    async copy(_, change) {
      const next = { create: 'present', restore: 'present', quarantine: 'quarantined', drop: 'absent' } as const
      if (order(`${change} copy`)) scene.reading = { ...scene.reading, copy: aCopy(next[change]) }
    },
    switchOf: async () => scene.switch,
    async turn({ route, shadow, share = 100 }, dryRun) {
      if (order(`turn ${route}${shadow ? ' with shadow' : ''}`, dryRun))
        scene.switch = { route, share, shadow, epoch: scene.switch.epoch + 1 }
    },
    topic: async () => scene.topic,
    async topicTo(_, change) {
      const next = { open: 'open', restore: 'open', quarantine: 'quarantined', drop: 'absent' } as const
      if (order(`${change} topic`)) scene.topic = aTopic(next[change])
    },
    telling: async () => scene.telling,
    tell: async (_, change, askedBy) => void order(`${change} for ${askedBy}`),
    draining: async () => scene.draining,
    certificate: async () => scene.certificate,
    certify: async () => void order('certify'),
    refuse: async () => void order('refuse'),
    get deployer() {
      return scene.byHand ? null : deployer
    },
  }
  const deployer: World['deployer'] = {
    async deploy(service, { add, remove, dryRun }) {
      order(`deploy ${service}${add.map(one => ` +${one}`).join('')}${remove.map(one => ` -${one}`).join('')}`, dryRun)
    },
  }
  return { world: world as World, scene }
}
