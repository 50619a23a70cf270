import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aGate, aPlan, aRun, began, finished, reverted, undoable } from '../tests/paper-plan.ts'
import { ascii, drawn } from './glyphs.ts'
import { picture } from './picture.ts'
import { planText } from './plan-text.ts'
import { duration, table, widthOf, wrap } from './print.ts'

const now = began + 90_000
const blocked = { code: 'drained_waits', params: { outstanding: 12, issued: 2_211, on_their_way: 3, retrying: 8, parked: 1, dead: 0 } }
const views = [
  aRun(),
  aRun({ done: 3, state: 'waiting', eta_ms: 14_000, open: { state: 'settling', gate: aGate() } }),
  aRun({ done: 6, open: { state: 'settling', gate: aGate({ waits_for: blocked, way_back: 'blocked' }) } }),
  aRun({ done: 3, state: 'failed', open: { state: 'failed', gate: aGate({ verdict: 'fail' }) } }),
  aRun({ done: 2, heading: 'back', open: { state: 'reverting' } }),
  aRun({ done: undoable, heading: 'complete', open: { state: 'applying' } }),
  finished(),
  reverted(),
]

describe('the picture of a run', () => {
  test('fits every width from 50 columns', () => {
    for (const run of views)
      for (const glyphs of [drawn, ascii])
        for (let width = 50; width <= 140; width++) {
          const lines = picture({ run, now, width, glyphs })
          const wide = lines.find(line => widthOf(line) > width)
          assert.equal(wide, undefined, `${run.state} in ${width} columns`)
        }
  })

  test('fits every height: steps that are done fold first, and the open one stays', () => {
    const run = views[2] ?? aRun()
    for (let height = 8; height <= 40; height++) {
      const lines = picture({ run, now, width: 80, height, glyphs: drawn })
      assert.ok(lines.length <= height, `${lines.length} lines in ${height}`)
      assert.ok(
        lines.some(line => line.includes('● 5a')),
        `the open step shows in ${height} lines`,
      )
    }
    assert.match(picture({ run, now, width: 80, height: 16, glyphs: drawn }).join('\n'), /✓ 6 steps done\n● 5a/)
  })

  test('shows beside the step what was certified, in every width, and that it does not hold any more', () => {
    const until = { code: 'certificate_valid', params: { link: 'COMM-040', route: 'http', until: '2026-02-01 09:30' } }
    const stray = { link: 'COMM-040', route: 'http', service: 'bonuses', fact: '0192f0c1-0000-7000-8000-000000000001', epoch: 3, strays: 1 }
    for (const certificate of [until, { code: 'certificate_stray', params: stray }]) {
      const { steps, ...rest } = finished()
      const gate = { ...aGate({ verdict: 'pass', waits_for: null }), certificate }
      const run = { ...rest, steps: steps.map(step => (step.verb === 'drained' ? { ...step, gate } : step)) }
      for (let width = 50; width <= 140; width++)
        assert.ok(picture({ run, now, width, glyphs: drawn }).every(line => widthOf(line) <= width))
      const text = picture({ run, now, width: 100, glyphs: drawn }).join(' ').replaceAll(/\s+/g, ' ')
      assert.match(
        text,
        /5a .*(COMM-040 is certified as drained of http until 2026-02-01 09:30 UTC|came to bonuses by http after COMM-040)/,
      )
    }
  })

  test('is the same in ASCII, sign for sign', () => {
    for (const run of views) {
      const text = picture({ run, now, width: 80, glyphs: ascii }).join('\n')
      assert.match(text, /^[\n\u0020-\u007e]+$/)
    }
  })

  test('says the state in a sentence', () => {
    const sentences = views.map(run => picture({ run, now, width: 100, glyphs: drawn })[1])
    assert.deepEqual(sentences, [
      'Running: step 1 (1 of 8), 1 min 30 s so far.',
      'Waiting at step 4 (4 of 8), 1 min 30 s so far, about 14 s left.',
      'Running: step 5a (7 of 8), 1 min 30 s so far.',
      'Failed at step 4 (4 of 8) after 1 min 30 s.',
      'Going back: step 3 (3 of 8), 1 min 30 s so far.',
      'Completing: step 6 (8 of 8), 1 min 30 s so far.',
      'Finished in 38 s: COMM-040 goes by event now. All of it can still be undone.',
      'Reverted after 51 s: COMM-040 goes by HTTP as before.',
    ])
  })

  test('shows a full bar only when there is enough', () => {
    const bar = (value: number): string => {
      const gate = aGate({ figures: [{ name: 'figure_pairs', value, wanted: 500, rule: 'at_least' }] })
      return (
        picture({ run: aRun({ done: 3, open: { state: 'settling', gate } }), now, width: 80, glyphs: ascii }).find(line =>
          line.includes('at least'),
        ) ?? ''
      )
    }
    assert.match(bar(0), / \.{12}$/)
    assert.match(bar(499), / #{11}\.$/)
    assert.match(bar(500), / \[x\] ok$/)
  })

  test('shows what cannot be told as what it is: no time, no figures, a sentence of a code that is not known', () => {
    const gate = aGate({
      figures: [{ name: 'figure_moons', value: 1, wanted: null, rule: null }],
      waits_for: { code: 'eclipse', params: {} },
      eta_ms: null,
    })
    const text = picture({ run: aRun({ done: 3, open: { state: 'settling', gate } }), now, width: 80, glyphs: drawn }).join('\n')
    assert.match(text, /moons {2}1\n +waits for: eclipse\n/)
  })

  test('a text of the engine cannot move the cursor', () => {
    const gate = aGate({ waits_for: { code: 'service_away', params: { service: 'bonuses', reason: '\u001b[2J\nboom' } } })
    const lines = picture({ run: aRun({ done: 3, open: { state: 'settling', gate } }), now, width: 80, glyphs: drawn })
    assert.ok(lines.every(line => !line.includes('\u001b[2J') && !line.includes('\n')))
  })
})

describe('the text of a plan', () => {
  for (const columns of [60, 80, 120]) {
    test(`fits ${columns} columns`, () => assert.ok(widthOf(planText(aPlan(), columns, drawn)) <= Math.min(columns, 110)))
  }
  test('is 80 columns wide in a file, and ASCII there', () => {
    const text = planText(aPlan(), null, ascii)
    assert.ok(widthOf(text) <= 80)
    assert.match(text, /^[\n\u0020-\u007e]+$/)
  })
})

describe('a table', () => {
  const columns = [
    { head: 'link', cell: (row: { link: string; kind: string; title: string }) => row.link },
    { head: 'kind', cell: (row: { kind: string }) => row.kind, spare: true as const },
    { head: 'title', cell: (row: { title: string }) => row.title },
  ]
  const rows = [{ link: 'COMM-040', kind: 'business', title: 'The credit for a right answer' }]
  test('fits its width: the last column gives way, then spare columns go', () => {
    assert.equal(table(columns, rows, 60).split('\n')[1], 'COMM-040  business  The credit for a right answer')
    assert.equal(table(columns, rows, 40).split('\n')[1], 'COMM-040  business  The credit for a...')
    assert.equal(table(columns, rows, 30).split('\n')[1], 'COMM-040  The credit for a...')
    assert.equal(table(columns, rows).split('\n')[1], 'COMM-040  business  The credit for a right answer')
  })
})

test('words wrap at their spaces, and a long one stands alone', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrap('a incomprehensibilities b', 5), ['a', 'incomprehensibilities', 'b'])
})

test('durations are told in the largest units that matter', () => {
  const cases = [0, 3_240, 9_960, 41_000, 59_600, 192_000, 7_500_000]
  assert.deepEqual(cases.map(duration), ['0.0 s', '3.2 s', '10 s', '41 s', '1 min 0 s', '3 min 12 s', '2 h 5 min'])
})
