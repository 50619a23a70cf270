import type { Applied, Handler } from '../receive/handler.ts'
import { keyOf, type ReplicaDefinition } from './definition.ts'
import type { ReplicaStore, Standing, Told } from './store.ts'

/**
 * Keeps a copy up to date, whatever brings it: an event, its redelivery, the snapshot. By revision: an older one changes
 * nothing, so any order is right, and what was removed stays removed.
 */
export const replicaHandler = (definition: ReplicaDefinition, store: ReplicaStore): Handler<never, null, Told> => ({
  lookup: async () => null,
  decide(message) {
    const {
      envelope,
      revision,
      removed = false,
    } = message as { envelope: { payload: unknown }; revision: number | null; removed?: boolean }
    const row = definition.read(envelope.payload)
    if (row === null) return { do: 'reject', rule: 'state_invalid' }
    return { do: 'apply', effect: { row, revision: revision ?? 1, removed } }
  },
  async apply(effects, tx) {
    // A batch may tell of one entity several times: the last word counts, the others are older by then.
    const last = new Map<string, Told>()
    for (const { effect } of effects) {
      const key = keyOf(definition, effect.row)
      const known = last.get(key)
      if (known === undefined || known.revision < effect.revision) last.set(key, effect)
    }
    const keys = [...last.keys()]
    const standing = new Map((await store.keep(tx, [...last.values()])).map((one, at) => [keys[at], one]))
    await store.wake(tx, keys)
    return effects.map(({ effect }) => {
      const key = keyOf(definition, effect.row)
      return last.get(key) === effect ? judge(effect, standing.get(key) as Standing) : { outcome: 'duplicate' }
    })
  },
})

/** A later revision supersedes; the same one must say the same. */
function judge({ revision, removed }: Told, stands: Standing): Applied {
  if (stands.stored) return { outcome: 'done' }
  if (stands.revision > revision || (stands.same && stands.removed === removed)) return { outcome: 'duplicate' }
  return {
    outcome: 'conflict',
    first: `revision ${stands.revision} as it is kept`,
    second: `revision ${revision} with other content${removed === stands.removed ? '' : ', or removed'}`,
  }
}
