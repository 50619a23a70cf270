import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Box, type Line, type MapLayout, layOut } from './layout.ts'

const line = (link: string, from: string, to: string): Line => ({ link, from, to })
const school = [
  line('COMM-010', 'management', 'hiring'),
  line('COMM-020', 'management', 'hiring'),
  line('COMM-030', 'hiring', 'management'),
  line('COMM-040', 'hiring', 'bonuses'),
  line('COMM-050', 'hiring', 'bonuses'),
  line('COMM-060', 'hiring', 'bonuses'),
  line('COMM-070', 'management', 'bonuses'),
  line('COMM-080', 'management', 'bonuses'),
  line('COMM-090', 'hiring', 'management'),
]

const overlap = (a: Box, b: Box): boolean => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
const overlaps = (boxes: readonly Box[]): string[] =>
  boxes.flatMap((a, n) =>
    boxes
      .slice(n + 1)
      .filter(b => overlap(a, b))
      .map(b => `${a.id} and ${b.id}`),
  )
const everything = ({ boxes, tracks }: MapLayout): Box[] => [...boxes, ...tracks.map(({ label }) => label)]

describe('the map of the school', () => {
  for (const width of [1360, 850]) {
    test(`has straight lines and no label on another thing at ${width}`, () => {
      const layout = layOut(school, width)
      assert.deepEqual(
        layout.boxes.map(({ id }) => id),
        ['management', 'hiring', 'bonuses'],
      )
      assert.equal(layout.tracks.length, 9)
      for (const { points } of layout.tracks) assert.equal(points[0]?.y, points.at(-1)?.y)
      assert.deepEqual(overlaps(everything(layout)), [])
      assert.ok(layout.width <= width)
    })
  }
  test('points every line from its sender to its receiver', () => {
    const { boxes, tracks } = layOut(school, 1360)
    for (const { link, from, to } of school) {
      const [start, end] = [tracks.find(track => track.link === link)?.points[0], tracks.find(track => track.link === link)?.points.at(-1)]
      const [sender, receiver] = [boxes.find(({ id }) => id === from), boxes.find(({ id }) => id === to)]
      assert.ok(start !== undefined && end !== undefined && sender !== undefined && receiver !== undefined)
      assert.ok(Math.abs(start.x - sender.x - sender.width / 2) <= sender.width / 2 + 1, link)
      assert.ok(Math.abs(end.x - receiver.x - receiver.width / 2) <= receiver.width / 2 + 1, link)
    }
  })
})

test('services that stand above each other have boxes of their own', () => {
  const layout = layOut(
    [line('A', 'shop', 'stock'), line('B', 'shop', 'mail'), line('C', 'stock', 'ledger'), line('D', 'mail', 'ledger')],
    1200,
  )
  assert.equal(layout.boxes.length, 4)
  assert.deepEqual(overlaps([...layout.boxes]), [])
})
test('a system that is too tangled for straight lines is still drawn whole', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const lines = names.flatMap((from, n) => names.filter((_, m) => m !== n).map(to => line(`${from}${to}`, from, to)))
  const layout = layOut(lines, 1200)
  assert.equal(layout.tracks.length, lines.length)
  assert.deepEqual(overlaps([...layout.boxes]), [])
})
