// What the tables of bad inputs share: rows by their number in the catalogue (section 8 of the requirements on reliability).
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

/** A row that is not tried here, with the reason. */
export interface LeftOut {
  readonly row: number
  readonly input: string
  readonly because: string
}

/** A row that is tried beside the code that it is about, by the claims of tests there. */
export interface Elsewhere {
  readonly row: number
  readonly input: string
  /** A file of the repository, and how the names of the tests in it read, or parts of them. */
  readonly file: string
  readonly claims: readonly string[]
  /** What is answered otherwise than the catalogue says, and why. */
  readonly otherwise?: string
}

/** Which rows each table has to try; those of `fields` and `rules` overlap where one input meets several rules. */
export const parts = {
  http: range(1, 24),
  fields: [25, 26, 27, 28, 29, 31, 32, 33, 43, 45, 46],
  rules: [30, 32, 34, 35, 36, 37, 38, 39, 41, 42, 43],
  ratings: [40],
  names: [44, 47, 48, 117],
  keys: [49, 50, 51, 52, 53, 58, 59],
  deliveries: [51, 53, 54, 55, 56, 57, 60],
  events: [5, 11, 32, 56, 61, 62, 63, 64, 65, 66, 68, 69, 70, 71, ...range(75, 81)],
  handlers: [57, 66, 67, 72, 73, 74],
  titles: range(95, 111),
  operators: range(118, 128),
} as const satisfies Readonly<Record<string, readonly number[]>>

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

/**
 * Shows each row that is left out as skipped, with its reason, and makes sure that every row of the part is tried or left
 * out, and that what is tried elsewhere is still there.
 */
export function complete(
  part: keyof typeof parts,
  here: readonly number[],
  leftOut: readonly LeftOut[] = [],
  elsewhere: readonly Elsewhere[] = [],
): void {
  const tried = [...here, ...elsewhere.map(one => one.row)]
  for (const { row, input, file, claims, otherwise } of elsewhere) {
    test(`row ${row}: ${input} is tried in ${file}${otherwise === undefined ? '' : `; ${otherwise}`}`, async () => {
      const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
      assert.ok(claims.length > 0)
      assert.deepEqual(
        claims.filter(claim => !text.includes(claim)),
        [],
      )
    })
  }
  for (const { row, input, because } of leftOut) test(`row ${row}: ${input}`, { skip: because }, () => undefined)
  test(`every row of the part "${part}" is tried, or left out with a reason`, () => {
    const known = [...new Set([...tried, ...leftOut.map(one => one.row)])].toSorted((a, b) => a - b)
    assert.deepEqual(
      known,
      [...new Set<number>(parts[part])].toSorted((a, b) => a - b),
    )
    assert.deepEqual(
      leftOut.filter(one => tried.includes(one.row) || one.because.length < 20).map(one => one.row),
      [],
    )
  })
}

export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[]
  readonly retryable: boolean
  readonly trace_id: string
}

/** The document is complete, says `code` (of itself or of a field), and repeats nothing of what was sent. */
export function assertProblem(
  document: ProblemDocument,
  expected: { code: string; pointer?: string; status: number },
  secret: string,
): void {
  const text = JSON.stringify(document)
  assert.equal(document.status, expected.status, text)
  for (const member of ['type', 'title', 'code', 'detail'] as const) assert.ok(document[member].length > 0, `${member} of ${text}`)
  assert.equal(document.type, `/problems/${document.code.replaceAll('_', '-')}`)
  assert.match(document.trace_id, /^[0-9a-f]{32}$/)
  const field = document.errors?.find(one => one.code === expected.code && one.pointer === (expected.pointer ?? one.pointer))
  assert.ok((document.code === expected.code && expected.pointer === undefined) || field !== undefined, text)
  assert.ok(!text.includes(secret), `the value comes back: ${text}`)
}
