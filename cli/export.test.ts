import assert from 'node:assert/strict'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'

const { say } = commandLine()
const shipped = (name: string): Promise<string> => readFile(new URL(`../deploy/observability/${name}`, import.meta.url), 'utf8')

test('what is exported is printed as it is, for a pipe or a file', async () => {
  const grafana = await say('export grafana')
  assert.deepEqual([grafana.code, grafana.error], [0, ''])
  assert.deepEqual(JSON.parse(grafana.out), JSON.parse(await shipped('grafana-dashboard.json')))
  assert.equal((await say('export prometheus-rules')).out, await shipped('prometheus-rules.yaml'))
})

test('with a folder the file is written there, and its path printed; again, nothing is changed', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'cutover-export-')), 'new', 'folder')
  for (const _ of [1, 2]) {
    const said = await say(`export prometheus-rules --out ${folder} --json`)
    const { content, ...answer } = JSON.parse(said.out) as Record<string, unknown>
    assert.deepEqual(answer, { what: 'prometheus-rules', name: 'prometheus-rules.yaml', file: join(folder, 'prometheus-rules.yaml') })
    assert.equal(await readFile(join(folder, 'prometheus-rules.yaml'), 'utf8'), content)
  }
})

test('a file that somebody has changed is left alone until it is forced', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-export-'))
  const file = join(folder, 'grafana-dashboard.json')
  await writeFile(file, 'mine')
  const refused = await say(`export grafana --out ${folder}`)
  assert.equal(refused.code, 1)
  assert.match(refused.error, /says something else; nothing was written\n.*--force/)
  assert.equal(await readFile(file, 'utf8'), 'mine')
  assert.equal((await say(`export grafana --out ${folder} --force`)).code, 0)
  assert.notEqual(await readFile(file, 'utf8'), 'mine')
})

test('what there is no file of is named with what there is, and a folder that cannot be written is told', async () => {
  const unknown = await say('export helm-chart')
  assert.equal(unknown.code, 64)
  assert.match(unknown.error, /grafana, prometheus-rules/)
  const folder = await mkdtemp(join(tmpdir(), 'cutover-export-'))
  await writeFile(join(folder, 'file'), '')
  const said = await say(`export grafana --out ${join(folder, 'file')}`)
  assert.equal(said.code, 1)
  assert.match(said.error, /cannot be written \(ENOTDIR\)/)
})
