#!/usr/bin/env node
// Runs a TypeScript program of this repository on a Node that can: the running one when it is new
// enough, else the one that npm installed beside the project. Plain JavaScript for Node 18 and later.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suitableNode } from './node.mjs'

// What has been compiled once is read from there by every process that is started from here: half the time of a start.
const compiled = fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

const child = spawn(suitableNode(), ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)], {
  stdio: 'inherit',
  // Lets a supervisor notice that its launcher was killed and nobody will pass Ctrl-C on any more.
  env: { NODE_COMPILE_CACHE: compiled, ...process.env, CUTOVER_LAUNCHER: String(process.pid) },
})
// The child decides how it stops; a terminal sends Ctrl-C to both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', error => {
  console.error(`cannot start Node: ${error.message}. Run "npm ci", or use Node 24.6 or later.`)
  process.exit(69)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
