import { openBacklogStore } from '../backlog/postgres.ts'
import type { BacklogStore } from '../backlog/store.ts'
import { openColumnStore } from '../columns/postgres.ts'
import type { ColumnStore } from '../columns/store.ts'
import { openConsumerStore } from '../consumer/postgres.ts'
import type { ConsumerStore } from '../consumer/store.ts'
import type { Database } from '../database/database.ts'
import { openIdempotencyStore } from '../idempotency/postgres.ts'
import type { IdempotencyStore } from '../idempotency/store.ts'
import { openDeadLetterStore } from '../deadletters/postgres/open.ts'
import type { DeadLetterStore } from '../deadletters/store.ts'
import { openDiagnosisStore } from '../diagnosis/postgres.ts'
import type { DiagnosisStore } from '../diagnosis/store.ts'
import { openOutboxStore } from '../outbox/postgres.ts'
import type { OutboxStore } from '../outbox/store.ts'
import { openParityStore } from '../parity/postgres.ts'
import type { ParityStore } from '../parity/store.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import type { ReceiveStore } from '../receive/store.ts'
import { openReadingStore } from '../reading/postgres.ts'
import type { ReadingStore } from '../reading/store.ts'
import { openRegistryStore } from '../registry/postgres.ts'
import type { RegistryStore } from '../registry/store.ts'
import { openRelayStore } from '../relay/postgres.ts'
import type { RelayStore } from '../relay/store.ts'
import { openSnapshotStore } from '../snapshot/postgres.ts'
import type { SnapshotStore } from '../snapshot/store.ts'
import { openSwitchStore } from '../switch/postgres.ts'
import type { SwitchStore } from '../switch/store.ts'
import { openTraceStore } from '../trace/postgres.ts'
import type { TraceStore } from '../trace/store.ts'

/** All that the library stores in a service's own database, a port per capability. */
export interface Stores {
  readonly switch: SwitchStore
  readonly registry: RegistryStore
  readonly idempotency: IdempotencyStore
  readonly outbox: OutboxStore
  readonly relay: RelayStore
  readonly backlog: BacklogStore
  readonly receive: ReceiveStore
  readonly consumer: ConsumerStore
  readonly parity: ParityStore
  readonly reading: ReadingStore
  readonly snapshot: SnapshotStore
  readonly columns: ColumnStore
  readonly deadLetters: DeadLetterStore
  readonly diagnosis: DiagnosisStore
  readonly trace: TraceStore
}

export const openStores = (database: Database): Stores => ({
  switch: openSwitchStore(database),
  registry: openRegistryStore(database),
  idempotency: openIdempotencyStore(database),
  outbox: openOutboxStore(database),
  relay: openRelayStore(database),
  backlog: openBacklogStore(database),
  receive: openReceiveStore(database),
  consumer: openConsumerStore(database),
  parity: openParityStore(database),
  reading: openReadingStore(database),
  snapshot: openSnapshotStore(database),
  columns: openColumnStore(database),
  deadLetters: openDeadLetterStore(database),
  diagnosis: openDiagnosisStore(database),
  trace: openTraceStore(database),
})
