#!/usr/bin/env node
// Writes the platform packages that npm left out back into package-lock.json, after `npm install`. A registry mirror
// that keeps only some platforms makes npm forget the others, and `npm ci` then refuses the lock file on every machine.
// Run it whenever tests/lockfile.test.ts asks for it; it changes nothing when nothing is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(file, 'utf8'))
const systems = { android: 'android', darwin: 'darwin', freebsd: 'freebsd', linux: 'linux', openharmony: 'openharmony', win32: 'win32' }
const processors = { arm: 'arm', arm64: 'arm64', ia32: 'ia32', ppc64: 'ppc64', riscv64: 'riscv64', s390x: 's390x', x64: 'x64' }

const added = []
for (const [path, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (lock.packages[`node_modules/${name}`] !== undefined) continue
    const words = name.split(/[-/]/)
    const os = words.map(word => systems[word]).find(word => word !== undefined)
    const cpu = words.map(word => processors[word]).find(word => word !== undefined)
    if (os === undefined || cpu === undefined) throw new Error(`${path} needs ${name}, whose platform its name does not tell`)
    const libc = words.includes('musl') ? { libc: ['musl'] } : {}
    lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], ...(entry.dev ? { dev: true } : {}), ...libc, optional: true, os: [os] }
    added.push(name)
  }
}
const root = lock.packages['']
const rest = Object.entries(lock.packages).filter(([path]) => path !== '')
lock.packages = { '': root, ...Object.fromEntries(rest.sort(([a], [b]) => (a < b ? -1 : 1))) }
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(added.length === 0 ? 'nothing is missing' : `added ${added.length}: ${added.join(', ')}`)
