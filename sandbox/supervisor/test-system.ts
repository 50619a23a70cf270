// A system of three small processes: for the tests of the supervisor, in this process or as a program.
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Home } from '../home.ts'
import { isFree } from '../port-holder.ts'
import type { ProcessDefinition, SystemDefinition } from './definition.ts'
import { superviseProgram } from './main.ts'

/** The program of every process. */
export const childFile = fileURLToPath(new URL('./test-child.ts', import.meta.url))

/** Two processes of one service at once, then another; `mode` is what the last one does. */
export function testSystem(home: Home, mode = 'run', firstFile: ProcessDefinition['firstFile'] = () => undefined): SystemDefinition {
  const file = childFile
  const at = (offset: number): number => home.firstPort + offset
  return {
    name: 'Test',
    databases: ['first', 'log'],
    issuers: ['first'],
    stages: [
      [
        {
          name: 'first',
          file,
          firstFile,
          ports: [at(10), at(11)],
          capabilities: ['serve:L-1'],
          possible: ['serve:L-1', 'record:L-1', 'act:L-1', 'act:broken'],
          environment: ({ port, capabilities }) => ({ PORT: String(port), CAPABILITIES: capabilities.join(',') }),
        },
      ],
      [
        {
          name: 'last',
          file,
          ports: [at(20)],
          environment: ({ port, database }) => ({ PORT: String(port), MODE: mode, URL: database('log') }),
        },
      ],
    ],
    addresses: { last: `http://127.0.0.1:${at(20)}` },
    next: [['look', 'at it']],
  }
}

/** The first of a hundred ports, those of the system being free. */
export async function freeFirstPort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await Promise.all([1, 2, 10, 11, 20].map(offset => isFree(first + offset)))
    if (free.every(Boolean)) return first
  }
  throw new Error('no free ports found')
}

/** Looks until it is so; the runner's own limit ends it when it never is. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const limitMs = Date.now() + 30_000
  while (!(await holds())) {
    if (Date.now() > limitMs) throw new Error('it did not come to be within 30 s')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Holds a port until it is closed. */
export function holdPort(port: number): Promise<() => Promise<void>> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(() => new Promise(closed => server.close(() => closed()))))
  })
}

if (process.argv[1] === import.meta.filename) await superviseProgram(home => testSystem(home))
