export interface RegisteredVersion {
  readonly event: string
  readonly version: number
  readonly digest: string
}

/** What the registry needs of the service's own database. */
export interface RegistryStore {
  /** Registers versions that are not there yet; answers with all that are. What is there is never changed. */
  register(versions: readonly RegisteredVersion[]): Promise<readonly RegisteredVersion[]>
  all(): Promise<readonly RegisteredVersion[]>
}
