import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type CertificateRow,
  type HistoryAnswer,
  type LinkRow,
  pathOf,
  paths,
  type Route,
  switchPath,
  type VerifyReport,
} from '@cutover/engine/api'
import type { DeliveryView } from '@cutover/engine/api/delivery'
import type { ApplyRequest, RunState, RunVerb, RunView } from '@cutover/engine/api/plan'
import {
  deadLetterPaths as letters,
  type DeadLetterJob,
  type DeadLettersAnswer,
  type OrderedAnswer,
} from '@cutover/engine/api/dead-letters'
import {
  type DeploymentRequest,
  type DeploymentsAnswer,
  type FaultRequest,
  paths as sandbox,
  type SandboxStatus,
} from '@cutover/sandbox/api'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface System {
  readonly home: string
  readonly port: number
  status(): Promise<SandboxStatus>
  /** Moves a link; tries again while the engine or the sender is away, because something has just been killed. */
  move(link: string, to: Route): Promise<void>
  fault(request: FaultRequest): Promise<void>
  deployments(): Promise<DeploymentsAnswer>
  deploy(request: DeploymentRequest): Promise<void>
  outcomes(): Promise<number>
  traffic(action: 'start' | 'stop'): Promise<void>
  verify(): Promise<VerifyReport>
  /** Dead letters that are open, of all services. */
  deadLetters(): Promise<number>
  /** Replays all of them, and resolves when that has ended; one that fails again is open again. */
  replayDeadLetters(): Promise<void>
  delivery(): Promise<DeliveryView>
  links(): Promise<readonly LinkRow[]>
  certificates(): Promise<readonly CertificateRow[]>
  /** Begins a run, or finds the one that a killed engine had begun before it could answer. */
  apply(link: string, request?: ApplyRequest): Promise<RunView>
  order(run: string, verb: RunVerb): Promise<void>
  run(id: string): Promise<RunView>
  /** Waits until the run is in one of these states; fails when it comes to rest in another. */
  reach(run: string, ...states: readonly RunState[]): Promise<RunView>
  history(run: string): Promise<HistoryAnswer>
  /** Verifies again and again until nothing is open any more, or a fault is found. */
  settle(): Promise<VerifyReport>
  stop(): Promise<void>
}

export interface SystemOptions {
  readonly instances: string
  readonly rate: number
  /** Programs in the place of the system's own, as start.ts takes them. */
  readonly programs?: Readonly<Record<string, unknown>>
  /** Whether instances can do everything from the start, so that links can be moved without deploying anything. */
  readonly able?: boolean
  /** Whether runs may take very long, because the engine dies all the time. */
  readonly patient?: boolean
  /** The first port, if it has been chosen already. */
  readonly port?: number
  /** Done to the data directory before anything is there; what it answers with is done when all has ended, before it is deleted. */
  readonly prepared?: (directory: string) => Promise<() => Promise<void>>
  /** Variables besides. */
  readonly environment?: Readonly<Record<string, string>>
}

const readyMs = 180_000
const settleMs = 120_000
const reachMs = 150_000
const pauseMs = 100

/** Starts a whole system of its own: home, ports, database server and all. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const home = await mkdtemp(join(tmpdir(), 'cutover-system-'))
  const flag = join(home, 'home', 'flag')
  await mkdir(join(home, 'home'), { recursive: true })
  await writeFile(flag, 'http')
  const undo = (await options.prepared?.(join(home, 'home'))) ?? (async () => undefined)
  const port = options.port ?? (await freeBase())
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'tests/system/start.ts')], {
    cwd: root,
    env: {
      ...process.env,
      // A test that is killed takes its system with it.
      CUTOVER_LAUNCHER: String(process.pid),
      CUTOVER_HOME: join(home, 'home'),
      CUTOVER_PORT: String(port),
      CUTOVER_INSTANCES: options.instances,
      CUTOVER_TRAFFIC: String(options.rate),
      ...(options.able === true ? { CUTOVER_CAPABILITIES: 'all' } : {}),
      ...options.environment,
      CUTOVER_TEST_PROGRAMS: JSON.stringify(options.programs ?? {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await ready(child).catch(async (error: unknown) => {
    // Left alone it would go on for ever, and the test process with it.
    await end(child)
    await undo()
    await rm(home, { recursive: true, force: true })
    throw error
  })
  const token = (await readFile(join(home, 'home', 'operator-token'), 'utf8')).trim()

  async function call<Answer>(base: number, method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    })
    const text = await answer.text()
    if (!answer.ok) throw refusedBy(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`, text)
    return JSON.parse(text) as Answer
  }

  const system: System = {
    home,
    port,
    status: () => call(port + 1, 'GET', sandbox.status),
    async move(link, to) {
      await again(() => call(port, 'POST', switchPath(link), { to }))
      await writeFile(flag, to)
    },
    deployments: () => call(port + 1, 'GET', sandbox.deployments),
    deploy: async request => void (await call(port + 1, 'POST', sandbox.deployments, request)),
    fault: async request => void (await again(() => call(port + 1, 'POST', sandbox.faults, request))),
    outcomes: async () => (await again(() => call<{ outcomes: number }>(port + 1, 'GET', sandbox.traffic))).outcomes,
    traffic: async action => void (await again(() => call(port + 1, 'POST', sandbox.traffic, { action }))),
    delivery: () => again(() => call<DeliveryView>(port, 'GET', paths.delivery)),
    links: () => again(() => call<readonly LinkRow[]>(port, 'GET', paths.links)),
    certificates: () => again(() => call<readonly CertificateRow[]>(port, 'GET', paths.certificates)),
    verify: () => again(() => call<VerifyReport>(port, 'POST', paths.verify)),
    deadLetters: async () => (await again(() => call<DeadLettersAnswer>(port, 'GET', letters.groups))).totals.open,
    async replayDeadLetters() {
      const { jobs } = await again(() => call<OrderedAnswer>(port, 'POST', letters.replay, { selection: {}, rate: 100 }))
      for (const { job } of jobs)
        while ((await again(() => call<DeadLetterJob>(port, 'GET', pathOf(letters.job, job)))).state === 'running') await pause()
    },
    async apply(link, request = {}) {
      return again(async () => {
        try {
          return await call<RunView>(port, 'POST', pathOf(paths.apply, link), request)
        } catch (error) {
          const begun = error instanceof Refused && error.code === 'run_exists' ? error.run : undefined
          if (begun === undefined) throw error
          return call<RunView>(port, 'GET', pathOf(paths.run, begun))
        }
      })
    },
    async order(run, verb) {
      await again(async () => {
        try {
          await call(port, 'POST', pathOf(paths[verb], run))
        } catch (error) {
          // It had been taken before the engine was killed.
          if (!(error instanceof Refused && error.code === 'run_state')) throw error
        }
      })
    },
    run: id => again(() => call<RunView>(port, 'GET', pathOf(paths.run, id))),
    async reach(run, ...states) {
      for (const until = Date.now() + reachMs * (options.patient === true ? 4 : 1); ;) {
        const view = await system.run(run)
        if (states.includes(view.state)) return view
        const moves = view.state === 'running' || view.state === 'waiting'
        if (!moves || Date.now() > until) {
          const open = view.steps.filter(step => step.state !== 'pending' && step.state !== 'done' && step.state !== 'reverted')
          throw new Error(`${run} is ${view.state}, not ${states.join(' or ')}: ${JSON.stringify(view.waits_for)} ${JSON.stringify(open)}`)
        }
        await pause()
      }
    },
    history: run => again(() => call<HistoryAnswer>(port, 'GET', `${paths.history}?limit=500&run=${run}`)),
    async settle() {
      for (const until = Date.now() + settleMs; ;) {
        const report = await system.verify()
        const open = report.links.reduce((sum, link) => sum + link.open, 0)
        if (!report.ok || open === 0 || Date.now() > until) return report
        await pause()
      }
    },
    async stop() {
      await end(child)
      await undo()
      await rm(home, { recursive: true, force: true })
    },
  }
  return system
}

/** The engine's problem document said no. */
class Refused extends Error {
  readonly code: string
  readonly run: string | undefined
  constructor(message: string, code: string, run: string | undefined) {
    super(message)
    this.code = code
    this.run = run
  }
}

function refusedBy(message: string, body: string): Error {
  try {
    const { code, run } = JSON.parse(body) as { code?: string; run?: string }
    return code === undefined ? new Error(message) : new Refused(message, code, run)
  } catch {
    // No problem document: something else answered.
    return new Error(message)
  }
}

/** A first port of which the system's others are free. Below the range from which the kernel gives ports to clients. */
export async function freeBase(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 120) * 100
    const wanted = [0, 1, 2, 3, 4, 10, 11, 20, 21, 30, 31, 40, 50, 51, 52, 53, 54, 55].map(offset => base + offset)
    if ((await Promise.all(wanted.map(isFree))).every(free => free)) return base
  }
  throw new Error('no hundred free ports between 20000 and 32000')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGINT')
  await exit
}

export async function ready(child: ChildProcess): Promise<void> {
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = setTimeout(() => reject(new Error(`the system is not ready after ${readyMs} ms:\n${output}`)), readyMs)
  const read = (chunk: Buffer): void => {
    output += chunk.toString('utf8')
    if (output.includes('Ready in')) resolve()
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  child.once('exit', code => reject(new Error(`the system ended with ${code} before it was ready:\n${output}`)))
  await promise.finally(() => clearTimeout(late))
}

/** While something is dead on purpose, its neighbours answer 503 or nothing: that is no failure of the test. */
async function again<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  for (const until = Date.now() + settleMs; ;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > until) throw error
      await pause()
    }
  }
}

/** The path of a program beside this file. */
export const programOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const pause = (ms = pauseMs): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
