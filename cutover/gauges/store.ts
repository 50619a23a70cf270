/** How many of something there are of a link, and how old the oldest is, in seconds; 0 when there are none. */
export interface Heap {
  readonly count: number
  readonly oldest: number
}

/** By link; a link without any is missing. */
export type Heaps = Readonly<Record<string, Heap>>

/** A link whose facts leave this service, and whether anybody here calls its HTTP route. */
export interface Leaving {
  readonly link: string
  readonly called: boolean
}

/** What gauges need of the service's own database. Each look takes a second at the most, and is given up then. */
export interface GaugesStore {
  /** Facts of each link that lie beyond the lane that carries them, or whose delivery has failed and is tried again. */
  undelivered(leaving: readonly Leaving[]): Promise<Heaps>
  kept(): Promise<{ readonly dead: Heaps; readonly parked: Heaps; readonly retries: Heaps }>
  /** The database's clock, in milliseconds since 1970. */
  nowMs(): Promise<number>
}

/** Beyond that many of one kind it does not matter how many there are, and counting them would cost. */
export const countedMax = 10_000
