import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from 'cutover/failure'
import type { Running } from 'cutover/process'
import type { SandboxStatus } from '../api/contract.ts'
import { openControl } from './control.ts'
import { prepareHome, requireFreePorts, type Home } from '../home.ts'
import { brokersCount } from '../kafka/cluster.ts'
import { kafkaPorts } from '../kafka/ports.ts'
import { livePostmaster } from '../postgres/postmaster.ts'
import { openChecklist, table, type Checklist } from './checklist.ts'
import { keepDatabaseServer } from './database-server.ts'
import { openDeployments, type Deployments } from './deployments.ts'
import { instanceName, postgresPort, supervisorPort, type ProcessDefinition, type SystemDefinition } from './definition.ts'
import { keepInstance, type Instance } from './instance.ts'
import { keepKafkaServers } from './kafka-servers.ts'
import type { Keeper } from './keeper.ts'
import { capLogs } from './log-file.ts'
import { openRunRecorder } from './run-recorder.ts'
import { forgetRun, takeOver } from './run-file.ts'

/** A system that runs. */
export interface Supervisor {
  status(): SandboxStatus
  /** Stops everything in order, PostgreSQL last. May be called twice. */
  stop(): Promise<void>
  /** Ends everything at once. */
  abandon(): void
}

export interface SuperviseOptions {
  readonly definition: SystemDefinition
  readonly home: Home
  /** Told what a person should read. */
  readonly write?: (line: string) => void
  /** Hands out the supervisor before the start has ended, so that it can be broken off. */
  readonly onOpen?: (supervisor: Supervisor) => void
}

/** Starts a system from its definition and keeps it running. Rejects, with everything stopped again, when it cannot come up. */
export async function supervise({ definition, home, write, onOpen }: SuperviseOptions): Promise<Supervisor> {
  const checklist = openChecklist(write)
  await prepareHome(home, definition.issuers)
  await takeOver(home, checklist.say)
  await requireFreePorts(await portUses(definition, home))
  checklist.say(`${definition.name} starts in ${home.directory}`)
  const system = await assemble(definition, home, checklist)
  onOpen?.(system)
  try {
    await system.start()
    return system
  } catch (error) {
    await system.stop()
    throw error
  }
}

async function portUses(definition: SystemDefinition, home: Home): Promise<Map<number, string>> {
  const uses = new Map([[supervisorPort(home), 'the supervisor']])
  // A server of ours that was left there will be adopted.
  const left = await livePostmaster(join(home.postgres, 'data'))
  if (left?.port !== postgresPort(home)) uses.set(postgresPort(home), 'PostgreSQL')
  if (definition.kafka === true) kafkaPorts(home).forEach((port, index) => uses.set(port, `Kafka broker ${(index % brokersCount) + 1}`))
  for (const process of definition.stages.flat()) for (const port of process.ports) uses.set(port, process.name)
  return uses
}

async function assemble(definition: SystemDefinition, home: Home, checklist: Checklist): Promise<Supervisor & { start(): Promise<void> }> {
  const recorder = openRunRecorder(home, () => keepers.map(keeper => keeper.snapshot()))
  const deployments = await openDeployments({
    file: home.deploymentsFile,
    programs: definition.stages.flat(),
    instances: service => stages.flat().filter(instance => instance.service === service),
    report: checklist.say,
  })
  const observe = { onChange, report: checklist.say }
  const postgres = keepDatabaseServer({ directory: home.postgres, port: postgresPort(home), ...observe })
  const kafka =
    definition.kafka === true
      ? keepKafkaServers({ directory: join(home.directory, 'kafka'), ports: kafkaPorts(home), ...observe })
      : undefined
  const stages = definition.stages.map(stage => stage.flatMap(program => instances(program)))
  const keepers: readonly Keeper[] = [postgres, ...(kafka?.keepers ?? []), ...stages.flat()]
  const logs = capLogs(() => keepers.map(keeper => keeper.logFile))
  let control: Running | undefined
  let up = false
  let stopping: Promise<void> | undefined

  function onChange(): void {
    recorder.changed()
    deployments.changed()
  }

  function instances(program: ProcessDefinition): Instance[] {
    return program.ports.map((port, index) => {
      const instance = index + 1
      const name = instanceName(program, instance)
      const database = (of: string): string => postgres.server().url(of)
      return keepInstance({
        name,
        service: program.name,
        instance,
        logFile: join(home.logs, `${name}.log`),
        launch() {
          const launch = deployments.launch(program, instance)
          return { ...launch, environment: program.environment({ home, port, instance, capabilities: launch.capabilities, database }) }
        },
        ...observe,
      })
    })
  }

  const deploy: Deployments['deploy'] = async request => {
    // While instances are still starting for the first time, or for the last time stopping, none can be replaced.
    if (!up)
      throw new Problem('unavailable', { detail: 'the system is starting or stopping; deploy when "cutover status" says it is ready' })
    return deployments.deploy(request)
  }

  const status = (): SandboxStatus => {
    const processes = keepers.map(keeper => keeper.snapshot())
    return {
      ready: up && processes.every(process => process.state === 'ready'),
      processes,
      supervisor: { pid: process.pid },
      databases: up ? Object.fromEntries(definition.databases.map(name => [name, postgres.server().url(name)])) : {},
    }
  }

  async function start(): Promise<void> {
    await recorder.write()
    control = await openControl({
      home,
      port: supervisorPort(home),
      status,
      keepers,
      deployments: { list: deployments.list, deploy },
      ...(definition.traffic === undefined ? {} : { traffic: definition.traffic }),
    })
    await control.start()
    const { prepare } = definition
    // A page that could not be built is no reason to keep the system from people.
    const prepared = prepare === undefined ? undefined : checklist.step(prepare.name, prepare.work, done => done).catch(sayWhy)
    await checklist.step(
      'PostgreSQL',
      () => postgres.start(),
      () => `port ${postgresPort(home)}${postgres.server().adopted ? ', was still running' : ''}`,
    )
    const databases = definition.databases
    await checklist.step(
      'databases',
      () => Promise.all(databases.map(name => postgres.server().ensureDatabase(name))),
      () => databases.join(', '),
    )
    if (kafka !== undefined) {
      await checklist.step(
        'Kafka',
        kafka.start,
        () => `${kafka.keepers.length} brokers, ports ${kafkaPorts(home).slice(0, brokersCount).join(', ')}`,
      )
    }
    for (const stage of stages) {
      if (stopping !== undefined) throw new Error('the start was broken off')
      await Promise.all(
        stage.map(keeper =>
          checklist.step(
            keeper.name,
            () => keeper.start(),
            () => keeper.snapshot().url ?? '',
          ),
        ),
      )
    }
    await prepared
    up = true
    announce(definition, checklist, home, {
      operator: await tokenIn(home.operatorTokenFile),
      approver: home.approvals ? await tokenIn(home.approverTokenFile) : null,
    })
  }

  function sayWhy(error: Error): void {
    checklist.say(error.message)
  }

  async function stop(): Promise<void> {
    up = false
    deployments.stop()
    logs.stop()
    for (const stage of stages.toReversed()) await Promise.all(stage.map(keeper => keeper.stop()))
    await kafka?.stop()
    await postgres.stop()
    await control?.stop()
    await recorder.stop()
    await forgetRun(home)
  }

  return {
    status,
    start,
    stop: () => (stopping ??= stop()),
    abandon: () => keepers.forEach(keeper => keeper.abandon()),
  }
}

const tokenIn = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim()

interface Tokens {
  readonly operator: string
  readonly approver: string | null
}

function announce(definition: SystemDefinition, checklist: Checklist, home: Home, tokens: Tokens): void {
  checklist.say(`Ready in ${checklist.elapsed()} s\n`)
  const signIn: [string, string][] =
    definition.console === undefined
      ? []
      : [
          ['console', definition.console],
          ['token', `${tokens.operator}   to sign in there`],
        ]
  const second: [string, string][] =
    tokens.approver === null
      ? []
      : [
          ['approver', `${tokens.approver}   for the second person, who signs in there to approve`],
          ['', `or: npx cutover approve RUN --token-file ${home.approverTokenFile}`],
        ]
  checklist.say(`${table([...signIn, ...second, ...Object.entries(definition.addresses)])}\n`)
  checklist.say(`What to try next, in another terminal:\n${table(definition.next)}\n\nCtrl-C stops everything.`)
}
