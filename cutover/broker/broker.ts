import { bucketOf } from '../contract/bucket.ts'

/** A record as it is appended. Keys decide the partition; the same key always lands in the same one. */
export interface NewRecord {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** A record as it is read. Offsets are `bigint`: they outgrow a double. */
export interface LogRecord extends NewRecord {
  readonly partition: number
  readonly offset: bigint
  readonly appendedAt: Date
}

/** `id` changes when a topic is deleted and made again under its old name, so positions are kept by id, not by name. */
export interface Topic {
  readonly id: string
  readonly name: string
  readonly partitions: number
}

/**
 * A topic that nothing may use. In quarantine it keeps its id, its records and its offsets, and can be restored; retention
 * goes on. Retired, it is deleted: its name is kept, so that nobody makes it again by accident.
 */
export interface HiddenTopic extends Topic {
  readonly state: 'quarantined' | 'retired'
  readonly since: Date
}

/** That a client wanted to use a hidden topic, and how often. */
export interface Touch {
  /** The name of the client. */
  readonly who: string
  readonly what: 'append' | 'fetch' | 'create'
  readonly firstAt: Date
  readonly lastAt: Date
  readonly count: number
}

/**
 * When an append counts as done. `all`: it survives the loss of any one machine of the log. `leader`: one machine has it,
 * and the moments before that fails may be lost.
 */
export type Ack = 'all' | 'leader'

/** The first offset that still exists and the next one to be written: `start <= position <= end` or data is gone. */
export interface PartitionBounds {
  readonly partition: number
  readonly start: bigint
  readonly end: bigint
}

/** A partition of which a reader has not read records that the log will soon throw away. */
export interface Overdue {
  readonly partition: number
  /** The age of the oldest record that it has not read, and the age at which the log may throw it away. */
  readonly ageMs: number
  readonly keepMs: number
}

export interface FetchFrom {
  readonly partition: number
  /** The next offset to read. */
  readonly offset: bigint
}

/** A topic as a reader knows it: offsets belong to the id, and one that was made again under its old name has another. */
export type TopicIdentity = Pick<Topic, 'id' | 'name'>

/**
 * An ordered, partitioned log. Two implementations exist, and both pass `conformance.ts`; nothing outside this folder
 * may know which one it talks to.
 *
 * Promises: an append that has returned is durable and will be read by everybody, in the order of its partition and
 * without a gap between offsets; an append that throws may have happened (the caller sends again, receivers have
 * keys). `fetch` never skips: an offset below the partition's start, beyond its end, or of a record that is missing in
 * between throws `OffsetOutOfRange`. A topic that does not exist throws `TopicUnknown`; it is never made by writing to it. One that is hidden throws `TopicQuarantined` or
 * `TopicRetired`, and who appends to it, fetches from it or creates it has then been noted, durably. Any other error means
 * that the log is away: back off and call again. Appending to one topic from several processes is safe; its order is then that of the commits.
 */
export interface Broker {
  /** Makes the topic or returns the one that is there; throws when it is there with another number of partitions, or hidden. */
  createTopic(name: string, partitions: number): Promise<Topic>
  /** The same for who does it on purpose: also when the name is retired. A new topic then, with another id. */
  reviveTopic(name: string, partitions: number): Promise<Topic>
  /** Hides the topic. When it returns no append is under way, and none will be. Again, it changes nothing. */
  quarantineTopic(name: string): Promise<HiddenTopic>
  /** Ends a quarantine; changes nothing at a topic that is open. Its touches can be read until it is hidden again. */
  restoreTopic(name: string): Promise<Topic>
  /** Deletes the topic with its records, also out of quarantine, and retires its name. */
  deleteTopic(name: string): Promise<void>
  /** The topic, or undefined when there is none of that name, or a hidden one. Looking is no touch. */
  topic(name: string): Promise<Topic | undefined>
  topics(): Promise<readonly Topic[]>
  hidden(name: string): Promise<HiddenTopic | undefined>
  /** Who wanted to use the topic since it was hidden, the latest first; one per client and kind. */
  touches(name: string): Promise<readonly Touch[]>
  /** Appends all records, each to the partition of its key, and resolves when they are as durable as `ack` says: `all`, if nothing is said. */
  append(topic: string, records: readonly NewRecord[], ack?: Ack): Promise<void>
  /**
   * Up to `limit` records at or after the given offsets, in offset order within each partition; partitions that have
   * records share the limit. When there are none it waits up to `waitMs` for some and then answers with what there is,
   * perhaps nothing; so it does at once when `signal` aborts or the broker is closed.
   */
  fetch(
    topic: TopicIdentity,
    from: readonly FetchFrom[],
    limit: number,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<readonly LogRecord[]>
  bounds(topic: string): Promise<readonly PartitionBounds[]>
  /**
   * Tells the log how far a reader has come, as a courtesy: it decides nothing, but retention then knows who has not read
   * what it is about to take, and says so. Answers with the partitions whose oldest unread record is past half its time.
   */
  progress(reader: string, topic: TopicIdentity, from: readonly FetchFrom[]): Promise<readonly Overdue[]>
  /** Ends every fetch that waits, and releases what is held. Other calls fail from then on. May be called twice. */
  close(): Promise<void>
}

export class TopicUnknown extends Error {
  override readonly name: string = 'TopicUnknown'
  constructor(topic: string, why = 'does not exist; create it with: cutover topics apply') {
    super(`topic "${topic}" ${why}`)
  }
}

/** Deleted on purpose: it does not exist, and is not to be made again by whoever happens to want it. */
export class TopicRetired extends TopicUnknown {
  override readonly name = 'TopicRetired'
  constructor(topic: string, since: Date) {
    super(topic, `was deleted on purpose at ${since.toISOString()}, and its name is retired: nothing may use it any more`)
  }
}

export class TopicQuarantined extends Error {
  override readonly name = 'TopicQuarantined'
  constructor(topic: string, since: Date) {
    super(
      `topic "${topic}" is in quarantine since ${since.toISOString()}: nothing may touch it any more; restore it or wait until it is dropped`,
    )
  }
}

/** Records that a reader wants and that the log does not have: it expired them, or it has lost them. */
export interface Gap {
  readonly partition: number
  /** The offset that was wanted. */
  readonly wanted: bigint
  readonly start: bigint
  readonly end: bigint
  /**
   * Where reading can go on without leaving out what is there: the next record that exists. From beyond the end it is the
   * start, because a log that has lost its end gives its offsets again, and nobody knows which of them have been read.
   */
  readonly resume: bigint
}

export class OffsetOutOfRange extends Error {
  override readonly name = 'OffsetOutOfRange'
  readonly partition: number
  readonly start: bigint
  readonly gap: Gap
  constructor(topic: string, gap: Gap) {
    const { partition, wanted, start, end } = gap
    const why = wanted < start ? 'is gone' : wanted > end ? 'is beyond its end' : 'is missing'
    super(
      `topic "${topic}" partition ${partition} has offsets ${start} to ${end}; ${wanted} ${why}. Refill it from the outbox of its producer`,
    )
    this.partition = partition
    this.start = start
    this.gap = gap
  }
}

/** The partition of a key: the same for every implementation, so that moving between them keeps the order of a key. */
export const partitionOf = (key: string, partitions: number): number => bucketOf(key, partitions)
