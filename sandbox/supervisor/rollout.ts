import type { Instance } from './instance.ts'

/** Brings running instances to what is wanted of them, one by one, so that the others serve meanwhile. */
export interface Rollouts {
  /** Begins with a service. Does nothing while it goes on already: what goes on sees what is wanted by now. */
  begin(service: string): void
  rolling(service: string): boolean
  /** Told at every change of an instance, and of what is wanted. */
  changed(): void
  stop(): void
}

/** What a rollout needs of an instance. */
export type Rolled = Pick<Instance, 'snapshot' | 'renew'>

export function openRollouts<One extends Rolled>(options: {
  /** In the order in which they take their turns. */
  readonly instances: (service: string) => readonly One[]
  /** Whether it was started with something else than is wanted now. */
  readonly outdated: (instance: One) => boolean
  readonly report: (line: string) => void
}): Rollouts {
  const { instances, outdated } = options
  const rolling = new Set<string>()
  let change = Promise.withResolvers<void>()
  let stopped = false

  async function roll(service: string): Promise<void> {
    try {
      for (;;) {
        const next = stopped ? undefined : instances(service).find(outdated)
        if (next === undefined) return
        await bring(next)
      }
    } finally {
      // At once with the last look, so that no deployment falls in between.
      rolling.delete(service)
    }
  }

  /** The others are left alone until this one is ready. A newer deployment that comes meanwhile begins with it again. */
  async function bring(instance: One): Promise<void> {
    while (!stopped && (outdated(instance) || instance.snapshot().state !== 'ready')) {
      if (outdated(instance)) await instance.renew()
      else await change.promise
    }
  }

  const changed = (): void => {
    change.resolve()
    change = Promise.withResolvers<void>()
  }

  return {
    begin(service) {
      if (stopped || rolling.has(service)) return
      rolling.add(service)
      roll(service).catch((error: Error) => options.report(`the deployment of ${service} has stopped: ${error.message}`))
    },
    rolling: service => rolling.has(service),
    changed,
    stop() {
      stopped = true
      changed()
    },
  }
}
