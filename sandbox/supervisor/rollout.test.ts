import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProcessState, SandboxProcess } from '../api/contract.ts'
import { openRollouts, type Rolled } from './rollout.ts'

/** An instance that becomes ready when the test says so. */
interface Fake extends Rolled {
  runs: string
  state: ProcessState
  renewals: number
}

function fakes(count: number): {
  all: Fake[]
  want: (what: string) => void
  ready: (instance: Fake) => void
  rollouts: ReturnType<typeof openRollouts<Fake>>
} {
  let wanted = 'a'
  const all = Array.from({ length: count }, (): Fake => {
    const fake: Fake = {
      runs: wanted,
      state: 'ready',
      renewals: 0,
      snapshot: () => ({ state: fake.state }) as SandboxProcess,
      async renew() {
        fake.renewals++
        fake.state = 'starting'
        fake.runs = wanted
      },
    }
    return fake
  })
  const rollouts = openRollouts<Fake>({ instances: () => all, outdated: one => one.runs !== wanted, report: assert.fail })
  return {
    all,
    rollouts,
    want(what) {
      wanted = what
      rollouts.begin('service')
      rollouts.changed()
    },
    ready(instance) {
      instance.state = 'ready'
      rollouts.changed()
    },
  }
}

/** Everything that can happen without the test has happened. */
const quiet = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a rollout', () => {
  it('goes on to the next instance when the one before is ready, and no earlier', async () => {
    const { all, want, ready, rollouts } = fakes(3)
    want('b')
    for (const [at, instance] of all.entries()) {
      await quiet()
      assert.deepEqual(
        all.map(one => one.state),
        all.map((_, other) => (other === at ? 'starting' : 'ready')),
      )
      assert.equal(rollouts.rolling('service'), true)
      ready(instance)
    }
    await quiet()
    assert.equal(rollouts.rolling('service'), false)
    assert.deepEqual(
      all.map(({ runs, renewals }) => [runs, renewals]),
      [
        ['b', 1],
        ['b', 1],
        ['b', 1],
      ],
    )
  })

  it('never runs twice at once for one service, and begins nothing when nothing differs', async () => {
    const { all, want, ready, rollouts } = fakes(2)
    want('a')
    await quiet()
    assert.equal(rollouts.rolling('service'), false)
    want('b')
    want('b')
    want('b')
    await quiet()
    assert.deepEqual(
      all.map(({ renewals }) => renewals),
      [1, 0],
    )
    for (const instance of all) {
      ready(instance)
      await quiet()
    }
    assert.deepEqual(
      all.map(({ renewals }) => renewals),
      [1, 1],
    )
  })

  it('that hangs at an instance gives way to a newer one, which begins with that instance', async () => {
    const { all, want, ready, rollouts } = fakes(2)
    const [first, second] = all as [Fake, Fake]
    want('broken')
    await quiet()
    assert.equal(first.runs, 'broken')
    want('c')
    await quiet()
    assert.deepEqual([first.runs, first.state, second.runs], ['c', 'starting', 'a'])
    ready(first)
    await quiet()
    ready(second)
    await quiet()
    assert.deepEqual([second.runs, rollouts.rolling('service')], ['c', false])
  })

  it('leaves alone what is as wanted again before its turn', async () => {
    const { all, want, ready, rollouts } = fakes(2)
    const [first, second] = all as [Fake, Fake]
    want('b')
    await quiet()
    want('a')
    await quiet()
    ready(first)
    await quiet()
    assert.deepEqual([first.runs, second.renewals, rollouts.rolling('service')], ['a', 0, false])
  })

  it('ends when it is told to stop', async () => {
    const { all, want, rollouts } = fakes(2)
    want('b')
    await quiet()
    rollouts.stop()
    await quiet()
    assert.deepEqual([all[1]?.renewals, rollouts.rolling('service')], [0, false])
  })
})
