import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Argument, type Command } from 'commander'
import { type Terminal, contextOf, verb } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'

const folder = resolve(import.meta.dirname, '..', 'deploy', 'observability')

/** What can be exported, by name: a file that others load. */
export const exported = {
  grafana: 'grafana-dashboard.json',
  'prometheus-rules': 'prometheus-rules.yaml',
} as const
type What = keyof typeof exported

interface ExportOptions {
  readonly out?: string
  readonly force?: true
}

interface Answer {
  readonly what: What
  readonly name: string
  /** Where it was written; null when it was printed. */
  readonly file: string | null
  readonly content: string
}

/** `cutover export WHAT`: prints what other tools load, or writes it into a folder. Asks no server. */
export const exportVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'export',
    summary: 'Print what other tools load: the Grafana dashboard, the Prometheus alert rules',
    examples: ['export grafana --out monitoring', 'export prometheus-rules > /etc/prometheus/rules/cutover.yaml'],
    timeoutSeconds: 10,
  })
    .addArgument(new Argument('<what>', 'what to export').choices(Object.keys(exported)))
    .option('--out <folder>', 'write the file into this folder, which is made if need be, instead of printing it')
    .option('--force', 'write over a file that is there and says something else')
    .action(async (what: What, { out, force }: ExportOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const name = exported[what]
      const content = await readFile(join(folder, name), 'utf8')
      const file = out === undefined ? null : await write(join(resolve(out), name), content, force === true)
      context.print<Answer>({ what, name, file, content }, answer => answer.file ?? answer.content.trimEnd())
    })

/** Writes the file and answers with its path. One that somebody has changed is left alone, unless it is forced. */
async function write(file: string, content: string, force: boolean): Promise<string> {
  try {
    const there = await readFile(file, 'utf8').catch((error: { code?: unknown }) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (there !== null && there !== content && !force) {
      throw new CommandFailed(
        exitCodes.failed,
        `${file} is there already and says something else; nothing was written`,
        'compare the two, then write over it with --force, or name another folder with --out',
      )
    }
    await mkdir(resolve(file, '..'), { recursive: true })
    await writeFile(file, content)
    return file
  } catch (error) {
    if (error instanceof CommandFailed) throw error
    const reason = String((error as { code?: unknown }).code ?? error)
    throw new CommandFailed(exitCodes.failed, `${file} cannot be written (${reason})`, 'name a folder that you may write to with --out', {
      cause: error,
    })
  }
}
