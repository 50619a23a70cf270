import { createHash } from 'node:crypto'

const lengthMax = 200

/**
 * What an error says, without what differs from one message to the next: the first line, with texts in quotes, ids and
 * numbers taken out. Two errors with one cause belong into one group.
 */
export function causeOf(error: string): string {
  const [line = ''] = error.trimStart().split('\n')
  const cause = line
    .replaceAll(/"(?:[^"\\]|\\.)*"|“[^”]*”|(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])/gu, '<text>')
    .replaceAll(/[\p{L}\p{N}_-]*\p{N}[\p{L}\p{N}_-]*/gu, '<n>')
    .trim()
  return cause.slice(0, lengthMax).toWellFormed()
}

/** Short, and the same for the same code and cause in every service and build. */
export const fingerprintOf = (code: string, cause: string): string =>
  createHash('sha256').update(`${code}\n${cause}`).digest('hex').slice(0, 12)
