/** What COMM-090 answers by HTTP, and what the event says: whole state. */
export type Candidate = {
  readonly candidate_id: string
  readonly name: string
}

/** Another service's word is input like any other: the candidate in it, or null. */
export function candidateIn(value: unknown): Candidate | null {
  const { candidate_id, name } = (value ?? {}) as Partial<Candidate>
  return typeof candidate_id === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(candidate_id) && typeof name === 'string'
    ? { candidate_id, name }
    : null
}

/** The rows of a list of candidates. */
export const candidatesIn = (answer: unknown): readonly unknown[] => {
  const { candidates } = (answer ?? {}) as { candidates?: unknown }
  return Array.isArray(candidates) ? candidates : []
}
