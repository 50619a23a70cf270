#!/usr/bin/env node
import { fileURLToPath } from 'node:url'

process.argv.splice(2, 0, fileURLToPath(new URL('main.ts', import.meta.url)))
await import('../bin/run.mjs')
