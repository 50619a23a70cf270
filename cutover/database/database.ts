import pg from 'pg'

/** One open transaction. Whoever changes state takes it as a parameter and never commits it. */
export interface Tx {
  query<Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number }>
}

/** A pool of connections to one database. `query` runs one statement in a transaction of its own. */
export interface Database extends Tx {
  /** Runs `work` in one transaction at `read committed`: commits when it resolves, rolls back when it throws. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>, begin?: string): Promise<Result>
  /** Rejects while the server does not answer. */
  answers(): Promise<void>
  /** A connection of one's own, for LISTEN. The caller ends it. */
  connect(): Promise<pg.Client>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Shows in `pg_stat_activity`: service and instance. */
  readonly name: string
  readonly connectionsMax: number
  /** Told of errors on idle connections (a server that shuts down); they are not failures of any call. */
  readonly onIdleError: (error: Error) => void
}

// int8 arrives as a string: positions outgrow a double, so each reader decides what it becomes.
const guards = '-c idle_in_transaction_session_timeout=15000 -c statement_timeout=30000 -c lock_timeout=10000'

export function openDatabase(options: DatabaseOptions): Database {
  const connection = {
    connectionString: options.url,
    application_name: options.name,
    options: guards,
    connectionTimeoutMillis: 5_000,
    // The server ends statements sooner. This is for a server that is not heard of any more: no answer would come, and no end.
    query_timeout: 40_000,
  }
  const pool = new pg.Pool({ ...connection, max: options.connectionsMax, idleTimeoutMillis: 30_000 })
  pool.on('error', options.onIdleError)

  const on =
    (client: pg.Pool | pg.PoolClient): Tx['query'] =>
    async (text, values) => {
      const result = await client.query({
        text,
        values: values as unknown[],
        ...(values === undefined ? {} : { name: statementName(text) }),
      })
      return { rows: result.rows, rowCount: result.rowCount ?? 0 }
    }

  return {
    query: on(pool),
    async transaction(work, begin = 'begin') {
      const client = await pool.connect()
      let broken: Error | undefined
      // A connection that is ended from outside between two statements (a time-out, a server that stops) says so by an
      // event; the next statement fails as well. Nobody listening would end the process.
      const lost = (error: Error): void => void (broken = error)
      const query = on(client)
      let over = false
      // Whoever still holds the transaction after its end would write into the next one of this connection.
      const tx: Tx = { query: (...of) => (over ? Promise.reject(new Error('this transaction is over')) : query(...of)) }
      client.on('error', lost)
      try {
        await client.query(begin)
        const result = await work(tx)
        over = true
        await client.query('commit')
        return result
      } catch (error) {
        over = true
        // Told by the server while nothing was asked of it: what was asked next only met the end of the connection.
        const idle = sqlState(broken) === '25P03' && isTransient(error) ? broken : undefined
        // A rollback that fails leaves a connection in an unknown state: it is not used again.
        await client.query('rollback').catch((failure: Error) => (broken = failure))
        throw idle ?? error
      } finally {
        client.off('error', lost)
        client.release(broken)
      }
    },
    async answers() {
      await pool.query('select 1')
    },
    async connect() {
      const client = new pg.Client({ ...connection, application_name: `${options.name}:listen` })
      await client.connect()
      return client
    },
    close: () => pool.end(),
  }
}

const names = new Map<string, string>()

/** A prepared statement per text: texts are constants of the program, so there are few. */
function statementName(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `s${names.size + 1}`
  names.set(text, name)
  return name
}

/** The SQLSTATE of a failure of PostgreSQL, or undefined when it is something else. */
export const sqlState = (error: unknown): string | undefined => (error instanceof pg.DatabaseError ? error.code : undefined)

/** Whether the failure is everybody's (server away, deadlock, serialization), so that the same work may simply be tried again. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return /^(08|40|53|55P03|57P0|57014|25P03)/.test(state)
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH)/.test(code)) return true
  return (
    error instanceof Error &&
    /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/i.test(
      error.message,
    )
  )
}
