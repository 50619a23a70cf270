import { spawnSync } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'

/** The user that PostgreSQL runs as. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * The user for a server with that data directory, or null for the user we are. PostgreSQL refuses to
 * run as root: then it is the owner of existing data, else `postgres`, else `nobody`. None is created.
 */
export async function accountFor(dataDirectory: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const owner = await stat(dataDirectory).catch(() => null)
  if (owner !== null && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  const users = await readFile('/etc/passwd', 'utf8')
  for (const wanted of ['postgres', 'nobody']) {
    const line = users.split('\n').find(user => user.startsWith(`${wanted}:`))
    const [, , uid, gid] = line?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { name: wanted, uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(
    'PostgreSQL does not run as root, and /etc/passwd has neither "postgres" nor "nobody". Start as an ordinary user, or add one of them.',
  )
}

/** Whether that user can enter the directory: every folder above it counts, and access lists too, so it is tried. */
export function canEnter(account: Account, directory: string): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { uid: account.uid, gid: account.gid, cwd: '/', stdio: 'ignore' }).status === 0
  )
}

/** The part of `spawn` options that makes a child this user. */
export const as = (account: Account | null): { uid?: number; gid?: number } =>
  account === null ? {} : { uid: account.uid, gid: account.gid }
