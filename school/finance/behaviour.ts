import type { Database } from 'cutover/database'

/** What this stand-in can be told to do with the calls to come. */
export const modes = {
  pays: 'pays and says so',
  fails: 'answers 500 and pays nothing',
  silent: 'pays and never answers',
  twice: 'pays, answers, and confirms it twice more',
  late: 'answers 202, pays some seconds later and confirms it then',
  refuses: 'answers 422 and pays nothing',
  short: 'pays one minor unit less than it was asked for',
} as const
export type Mode = keyof typeof modes
export const modeNames = Object.keys(modes) as readonly Mode[]

export interface Behaviour {
  readonly mode: Mode
  /** For how many calls; null for all. */
  readonly calls: number | null
}

/** Tells how the calls to come are answered. After `calls` of them it pays again. */
export async function tell(database: Database, { mode, calls }: Behaviour): Promise<void> {
  await database.query('update behaviour set mode = $1, calls = $2', [mode, calls])
}

export async function told(database: Database): Promise<Behaviour> {
  const { rows } = await database.query<Behaviour>('select mode, calls from behaviour', [])
  const row = rows[0] ?? { mode: 'pays', calls: null }
  return row.calls === 0 ? { mode: 'pays', calls: null } : row
}

/** How this call is answered; counts it. */
export async function next(database: Database): Promise<Mode> {
  const { rows } = await database.query<{ mode: Mode }>(
    'update behaviour set calls = calls - 1 where calls is null or calls > 0 returning mode',
    [],
  )
  return rows[0]?.mode ?? 'pays'
}
