import type { Diagnosis, PartitionReport } from '../contract/diagnosis.ts'

/** What the database alone tells for a diagnosis. */
export type Stored = Pick<
  Diagnosis,
  'database' | 'settings' | 'instances' | 'switches' | 'lanes' | 'versions' | 'produced' | 'waiting' | 'seen' | 'late'
> & {
  readonly database_ms: number
  readonly partitions: readonly (Omit<PartitionReport, 'link' | 'start' | 'end'> & {
    readonly consumer: string
    readonly topic_id: string
  })[]
}

/** Looks at the library's tables, and changes nothing. */
export interface DiagnosisStore {
  /** `links` are those that this service sends. */
  look(links: readonly string[]): Promise<Stored>
}

/** How many facts of one link are looked at in one place: that there are so many is all that one has to know. */
export const countedMax = 10_000
