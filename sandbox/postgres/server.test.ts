import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import pg from 'pg'
import { waitUntilGone } from '../process-identity.ts'
import { startPostgres } from './server.ts'

describe('the embedded PostgreSQL', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-postgres-'))
  after(() => rm(directory, { recursive: true, force: true }))
  const start = (port = 0) => startPostgres({ directory, port })

  it('makes its cluster again when the first attempt was interrupted', async () => {
    await mkdir(join(directory, 'data.new'))
    await writeFile(join(directory, 'data.new', 'PG_VERSION'), '18')
    const server = await start()
    assert.equal(server.adopted, false)
    assert.equal((await stat(join(directory, 'password'))).mode & 0o777, 0o600)
    await server.stop()
    await server.ended
  })

  it('keeps one owner out of the database of another', async () => {
    const server = await start()
    const [mine, other] = [await server.ensureDatabase('mine'), await server.ensureDatabase('other')]
    assert.equal(await server.ensureDatabase('mine'), mine)
    await ask(mine, 'create table kept (n int); insert into kept values (42)')
    const trespass = new URL(mine)
    trespass.pathname = new URL(other).pathname
    await assert.rejects(ask(trespass.href, 'select 1'), { code: '42501' })
    await server.stop()
  })

  it('is adopted by the next start when it still runs', async () => {
    const first = await start()
    first.release()
    const second = await start(first.port)
    assert.deepEqual([second.pid, second.adopted], [first.pid, true])
    await second.stop()
    await second.ended
  })

  it('moves when another port is wanted than that of the server that still runs', async () => {
    const first = await start()
    first.release()
    const port = await unusedPort()
    const second = await start(port)
    assert.deepEqual([second.port, second.adopted], [port, false])
    assert.notEqual(second.pid, first.pid)
    await second.stop()
  })

  it('recovers what was committed after it was killed', async () => {
    const first = await start()
    await ask(first.url('mine'), 'update kept set n = 43')
    process.kill(first.pid, 'SIGKILL')
    await first.ended
    const second = await start(first.port)
    assert.deepEqual(await ask(second.url('mine'), 'select n from kept'), [{ n: 43 }])
    await second.stop()
  })

  it('ends when the process that started it is killed', async () => {
    const program = `
      import { startPostgres } from ${JSON.stringify(import.meta.resolve('./server.ts'))}
      const server = await startPostgres({ directory: process.argv[1], port: 0 })
      console.log(server.pid)
      setInterval(() => undefined, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    parent.kill('SIGKILL')
    assert.equal(await waitUntilGone(Number(line.toString()), 20_000), true)
  })

  for (const [title, content] of [
    ['is torn', '12'],
    ['is empty', '\n'],
    ['names a process that is something else', `${process.pid}\n/elsewhere\n1\n5432\n\n127.0.0.1\n`],
  ] as const) {
    it(`starts although postmaster.pid ${title}`, async () => {
      await writeFile(join(directory, 'data', 'postmaster.pid'), content)
      const server = await start()
      assert.deepEqual(await ask(server.url('mine'), 'select n from kept'), [{ n: 43 }])
      await server.stop()
    })
  }

  it('says which port it could not have, with the end of its log', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    await assert.rejects(start(port), (error: Error) => error.message.includes(`port ${port}`) && error.message.includes('could not bind'))
    holder.close()
  })

  it('refuses data of another version, and a lost password, in words', async () => {
    const other = await mkdtemp(join(tmpdir(), 'cutover-postgres-'))
    await mkdir(join(other, 'data'))
    await writeFile(join(other, 'data', 'PG_VERSION'), '17\n')
    await assert.rejects(startPostgres({ directory: other, port: 0 }), /made by PostgreSQL 17, and this is 18/)
    await writeFile(join(other, 'password'), '')
    await assert.rejects(startPostgres({ directory: other, port: 0 }), /password of PostgreSQL is lost/)
    await rm(other, { recursive: true })
  })

  it('removes a temporary directory when it stops', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'cutover-postgres-'))
    const server = await startPostgres({ directory: temporary, port: 0, temporary: true })
    await server.stop()
    await assert.rejects(readFile(join(temporary, 'password')), { code: 'ENOENT' })
  })
})

async function ask(url: string, text: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<object>(text)).rows
  } finally {
    await client.end()
  }
}

async function unusedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
