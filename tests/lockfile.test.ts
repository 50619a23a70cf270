import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly resolved?: string }>
  >
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as Lock

test('the lock file names every platform, so that npm ci works on any machine', () => {
  const missing = Object.values(lock.packages)
    .flatMap(entry => Object.keys(entry.optionalDependencies ?? {}))
    .filter(name => lock.packages[`node_modules/${name}`] === undefined)
  assert.deepEqual(missing, [], 'run: node bin/complete-lock.mjs')
})

test('the lock file names no address of a registry', () => {
  const named = Object.entries(lock.packages).filter(([, entry]) => /^https?:/.test(entry.resolved ?? ''))
  assert.deepEqual(named, [])
})
