import type { Command } from 'commander'
import { type SandboxProcess, type SandboxStatus, paths } from '@cutover/sandbox/api'
import { type Terminal, contextOf, verb } from './command.ts'
import { counted, styled, table } from './print.ts'

/** `cutover status`: processes and databases of the running system. */
export const statusVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'status',
    summary: 'Show the processes of the system and the addresses of its databases',
    examples: ['status', 'status --json'],
    timeoutSeconds: 10,
  }).action(async (_options: object, command: Command) => {
    const context = contextOf(terminal, command)
    context.print(await context.call<SandboxStatus>('sandbox', { method: 'GET', path: paths.status }), show)
  })

function show({ ready, processes, databases }: SandboxStatus): string {
  const away = processes.filter(({ state }) => state !== 'ready')
  const sentence = ready
    ? `${styled('green', 'Ready')}: ${counted(processes.length, 'process', 'processes')} up.`
    : `${styled('yellow', 'Not ready')}: ${away.map(({ name, state }) => `${name} is ${state}`).join(', ') || 'still coming up'}.`
  const rows = table<SandboxProcess>(
    [
      { head: 'process', cell: row => row.name },
      {
        head: 'state',
        cell: row => row.state,
        style: row => (row.state === 'ready' ? 'green' : row.state === 'failed' ? 'red' : 'yellow'),
      },
      { head: 'pid', cell: row => row.pid, align: 'right' },
      { head: 'restarts', cell: row => row.restarts, align: 'right' },
      { head: 'address', cell: row => row.url },
    ],
    processes,
  )
  const addresses = table(
    [
      { head: 'database', cell: ([name]: [string, string]) => name },
      { head: 'address', cell: ([, url]) => url },
    ],
    Object.entries(databases),
  )
  return `${sentence}\n\n${rows}\n\n${addresses}`
}
