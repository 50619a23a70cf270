import { isDeepStrictEqual } from 'node:util'
import { type FieldError, Problem } from 'cutover/failure'
import type { DeploymentRequest, DeploymentsAnswer, ServiceDeployment } from '../api/contract.ts'
import type { ProcessDefinition } from './definition.ts'
import { readDeployments, writeDeployments, type StoredDeployments } from './deployment-file.ts'
import type { Instance, Launch } from './instance.ts'
import { processUnknown } from './process-unknown.ts'
import { openRollouts } from './rollout.ts'

/** What is deployed: of every service, what its instances shall be able to do. */
export interface Deployments {
  /** What an instance that starts now starts with. */
  launch(program: ProcessDefinition, instance: number): Launch
  list(): DeploymentsAnswer
  /** Stores what is wanted, and sets about it. Throws `process_unknown`, `body_invalid` and `term_stale`, and then changes nothing. */
  deploy(request: DeploymentRequest): Promise<ServiceDeployment>
  /** Told at every change of an instance. */
  changed(): void
  /** Begins nothing more. */
  stop(): void
}

export interface DeploymentsOptions {
  readonly file: string
  readonly programs: readonly ProcessDefinition[]
  readonly instances: (service: string) => readonly Deployed[]
  readonly report: (line: string) => void
}

/** An instance, as deployments see it. */
export type Deployed = Pick<Instance, 'name' | 'snapshot' | 'launched' | 'renew'>

export async function openDeployments(options: DeploymentsOptions): Promise<Deployments> {
  const { programs, instances } = options
  let stored = await readDeployments(options.file)
  let writing: Promise<unknown> = Promise.resolve()

  /** A service of which nothing was ever deployed starts with its first capabilities, and perhaps with an older program. */
  function launch(program: ProcessDefinition, instance: number, from: StoredDeployments = stored): Launch {
    const deployed = from.services[program.name]
    if (deployed !== undefined) return { file: program.file, capabilities: deployed.capabilities }
    return { file: program.firstFile?.(instance) ?? program.file, capabilities: firstOf(program) }
  }

  const outdated = (instance: Deployed, from: StoredDeployments = stored): boolean => {
    const { service, instance: number } = instance.snapshot()
    const started = instance.launched()
    const wanted = launch(programOf(service), number, from)
    return started !== undefined && !(started.file === wanted.file && isDeepStrictEqual(started.capabilities, wanted.capabilities))
  }

  const rollouts = openRollouts<Deployed>({ instances, outdated: instance => outdated(instance), report: options.report })

  async function decide(request: DeploymentRequest): Promise<ServiceDeployment> {
    const program = programOf(request.service)
    const next = deployed(stored, program, request)
    if (request.dry_run === true) {
      return row(program, next, rollouts.rolling(program.name) || instances(program.name).some(instance => outdated(instance, next)))
    }
    if (!isDeepStrictEqual(stored, next)) await writeDeployments(options.file, next)
    stored = next
    if (instances(program.name).some(instance => outdated(instance))) rollouts.begin(program.name)
    rollouts.changed()
    return row(program)
  }

  const row = (program: ProcessDefinition, from = stored, rolling = rollouts.rolling(program.name)): ServiceDeployment => ({
    service: program.name,
    capabilities: from.services[program.name]?.capabilities ?? firstOf(program),
    rolling,
    instances: instances(program.name).map(instance => ({
      name: instance.name,
      capabilities: instance.launched()?.capabilities ?? [],
      state: instance.snapshot().state,
    })),
  })

  function programOf(service: string): ProcessDefinition {
    const deployable = programs.filter(program => program.capabilities !== undefined)
    const program = deployable.find(({ name }) => name === service)
    if (program !== undefined) return program
    throw processUnknown(
      '/service',
      `there is no such service to deploy here; there are: ${deployable.map(({ name }) => name).join(', ') || 'none'}`,
    )
  }

  return {
    launch: (program, instance) => launch(program, instance),
    list: () => ({ services: programs.filter(program => program.capabilities !== undefined).map(program => row(program)) }),
    deploy(request) {
      // One after the other: each builds on what the one before has stored.
      const decided = writing.then(() => decide(request))
      writing = decided.catch(() => undefined)
      return decided
    },
    changed: rollouts.changed,
    stop: rollouts.stop,
  }
}

const sorted = (capabilities: readonly string[]): readonly string[] => [...new Set(capabilities)].toSorted()
const firstOf = ({ capabilities }: ProcessDefinition): readonly string[] => sorted(capabilities ?? [])

/** Pure: what is stored after this request. */
function deployed(
  stored: StoredDeployments,
  program: ProcessDefinition,
  { add = [], remove = [], term }: DeploymentRequest,
): StoredDeployments {
  const errors: FieldError[] = [
    ...impossible('/add', add, program),
    ...impossible('/remove', remove, program),
    ...remove.flatMap((one, at): FieldError[] =>
      add.includes(one)
        ? [{ pointer: `/remove/${at}`, code: 'contradiction', detail: `${one} is also added; leave it out of one of the two` }]
        : [],
    ),
  ]
  if (errors.length > 0)
    throw new Problem('body_invalid', { detail: `the body breaks a rule: ${errors[0]?.pointer} ${errors[0]?.detail}`, errors })
  if (term < stored.term) {
    throw new Problem('term_stale', {
      detail: `term ${term} is older than ${stored.term}, which has deployed here since: another engine took over`,
    })
  }
  const before = stored.services[program.name]?.capabilities ?? firstOf(program)
  const capabilities = sorted([...before, ...add].filter(one => !remove.includes(one)))
  return { term, services: { ...stored.services, [program.name]: { capabilities } } }
}

function impossible(pointer: string, asked: readonly string[], { name, possible }: ProcessDefinition): FieldError[] {
  if (possible === undefined) return []
  return asked.flatMap((one, at): FieldError[] =>
    possible.includes(one)
      ? []
      : [
          {
            pointer: `${pointer}/${at}`,
            code: 'unknown',
            detail: `${name} can never do that; it can: ${possible.join(', ') || 'nothing'}`,
          },
        ],
  )
}
