import { createHmac } from 'node:crypto'
import pg from 'pg'

/** Names that may become a database and its role, unquoted. */
const permitted = /^[a-z][a-z0-9_]{0,62}$/

/** Where databases are made: the administrator's address, and the secret that roles' passwords are derived from. */
export interface Administration {
  readonly adminUrl: string
  readonly password: string
}

/**
 * The address of a database for its owner, a role of the same name that is no superuser: a service cannot
 * enter the database of another, and a privilege that it gave up binds it.
 */
export function ownerUrl({ adminUrl, password }: Administration, name: string): string {
  checkName(name)
  const url = new URL(adminUrl)
  url.username = name
  url.password = createHmac('sha256', password).update(`role:${name}`).digest('base64url')
  url.pathname = `/${name}`
  return url.href
}

/** Makes the database and its owner if they are not there. Safe to repeat and to run at the same time. */
export async function ensureDatabase(administration: Administration, name: string): Promise<string> {
  const url = ownerUrl(administration, name)
  await asAdministrator(administration.adminUrl, async client => {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `select exists (select from pg_roles where rolname = $1) as role, exists (select from pg_database where datname = $1) as database`,
      [name],
    )
    const password = decodeURIComponent(new URL(url).password)
    const existing = rows[0]
    if (existing?.role !== true) await unlessPresent(client, `create role ${name} login password '${password}'`)
    if (existing?.database === true) return
    await unlessPresent(client, `create database ${name} owner ${name}`)
    await client.query(`revoke all on database ${name} from public`)
  })
  return url
}

/** Removes the database with whatever is connected to it, and its owner. */
export async function dropDatabase({ adminUrl }: Administration, name: string): Promise<void> {
  checkName(name)
  await asAdministrator(adminUrl, async client => {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.query(`drop role if exists ${name}`)
  })
}

async function asAdministrator(adminUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  // The calls report it too; a server that is killed meanwhile must not end this process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** Runs a `create`; somebody else having been quicker is as good (42P04, 42710, and 23505 when both at once). */
async function unlessPresent(client: pg.Client, statement: string): Promise<void> {
  await client.query(statement).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError) || !['42P04', '42710', '23505'].includes(error.code ?? '')) throw error
  })
}

function checkName(name: string): void {
  if (!permitted.test(name))
    throw new Error(`"${name}" cannot name a database: lower-case letters, digits and _, a letter first, at most 63`)
}
