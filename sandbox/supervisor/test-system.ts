// A system of three small processes: for the tests of the supervisor, in this process or as a program.
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Home } from '../home.ts'
import { isFree } from '../port-holder.ts'
import type { SystemDefinition } from './definition.ts'
import { superviseProgram } from './main.ts'

/** Two processes of one service at once, then another; `mode` is what the last one does. */
export function testSystem(home: Home, mode = 'run'): SystemDefinition {
  const file = fileURLToPath(new URL('./test-child.ts', import.meta.url))
  const at = (offset: number): number => home.firstPort + offset
  return {
    name: 'Test',
    databases: ['first', 'log'],
    issuers: ['first'],
    stages: [
      [{ name: 'first', file, ports: [at(10), at(11)], environment: ({ port }) => ({ PORT: String(port) }) }],
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

/** Holds a port until it is closed. */
export function holdPort(port: number): Promise<() => Promise<void>> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(() => new Promise(closed => server.close(() => closed()))))
  })
}

if (process.argv[1] === import.meta.filename) await superviseProgram(home => testSystem(home))
