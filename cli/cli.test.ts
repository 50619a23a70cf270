import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Command } from 'commander'
import type { LinkRow, VerifyReport } from '@cutover/engine/api'
import { PaperClock } from '../tests/paper-terminal.ts'
import { exitCodes } from './exit.ts'
import { programOf, run } from './program.ts'

interface Said {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** Nobody at the screen, and time that passes at once. */
const alone = { screen: null, clock: new PaperClock(0), onInterrupt: () => () => undefined }

const rows: LinkRow[] = [
  {
    link: 'COMM-010',
    from: 'management',
    to: 'hiring',
    kind: 'data',
    route: 'http',
    rate: 0,
    title: 'Managers',
    epoch: null,
    facts: 0,
    open: null,
    shadow: false,
    run: null,
    note: null,
  },
  {
    link: 'COMM-040',
    from: 'hiring',
    to: 'bonuses',
    kind: 'business',
    route: null,
    rate: null,
    title: 'Credit\u001b[31m',
    epoch: null,
    facts: null,
    open: null,
    shadow: false,
    run: null,
    note: 'hiring does not answer (timeout)',
  },
]
const verdict = {
  link: 'COMM-040',
  facts: 5,
  effects: 4,
  open: 0,
  parked: 0,
  dead: 0,
  rejected: 0,
  missing: 1,
  double: 0,
  different: 0,
  extra: 0,
  repeated: 0,
  samples: [{ kind: 'missing', key: 't:c', fact_id: null, detail: 'no receipt' } as const],
}
const check = { service: 'bonuses', check: 'pay-outs', counted: 3, open: 1, wrong: 1, samples: ['2026-11 a1: paid twice'] }
const report: VerifyReport = { ok: false, links: [verdict], ledger: { balanced: true, sum: 0 }, checks: [check], took_ms: 12 }

describe('a command', () => {
  const requests: { line: string; authorization: string | undefined; body: unknown }[] = []
  let reply: { status: number; body: unknown } = { status: 200, body: {} }
  let home: string
  let address: string

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    )
  })
  async function answer(request: IncomingMessage): Promise<typeof reply> {
    let text = ''
    for await (const part of request) text += String(part)
    requests.push({
      line: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      body: text === '' ? null : JSON.parse(text),
    })
    return reply
  }

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    address = `http://127.0.0.1:${port}`
    home = await mkdtemp(join(tmpdir(), 'cutover-cli-'))
    // The engine listens on the first port, the supervisor on the next one; here only the engine's is there.
    await writeFile(join(home, 'run.json'), JSON.stringify({ first_port: port }))
    await writeFile(join(home, 'operator-token'), 'secret\n')
  })
  after(() => server.close())

  async function say(line: string, environment: Record<string, string> = {}): Promise<Said> {
    const said = { out: '', error: '' }
    const code = await run(
      line.split(' ').filter(word => word !== ''),
      {
        environment: { CUTOVER_HOME: home, ...environment },
        out: text => (said.out += `${text}\n`),
        error: text => (said.error += `${text}\n`),
        ...alone,
      },
    )
    return { code, ...said }
  }

  test('shows links as a table with a sentence on top, and what is unknown as unknown', async () => {
    reply = { status: 200, body: rows }
    const { code, out } = await say('links')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /^2 links: 1 by HTTP, 0 by event, 1 unknown\./)
    assert.match(out, /COMM-040 +hiring +bonuses +business +unknown +- +- +- +- +Credit/)
    assert.match(out, /note: hiring does not answer \(timeout\)/)
    assert.ok(!out.includes('\u001b[31m'), 'text of a server cannot colour the terminal')
  })

  test('prints the answer unchanged with --json', async () => {
    reply = { status: 200, body: rows }
    assert.deepEqual(JSON.parse((await say('links --json')).out), rows)
  })

  test('shows the operator token, and sends what was asked', async () => {
    reply = { status: 200, body: { link: 'COMM-040', from: 'http', to: 'event', epoch: 2, changed: true, term: 1 } }
    const { code, out } = await say('switch COMM-040 --to event')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /^Moved COMM-040 from http to event\. Epoch 2/)
    assert.deepEqual(requests.at(-1), { line: 'POST /api/links/COMM-040/switch', authorization: 'Bearer secret', body: { to: 'event' } })
    await say('switch COMM-040 --to event', { CUTOVER_TOKEN: 'mine' })
    assert.equal(requests.at(-1)?.authorization, 'Bearer mine')
  })

  test('answers 3 when verify finds a difference, and still prints the report', async () => {
    reply = { status: 200, body: report }
    const { code, out } = await say('verify')
    assert.equal(code, exitCodes.checkFailed)
    assert.match(out, /^2 differences found: 5 facts on 1 link, 0 still open/)
    assert.match(out, /missing COMM-040 t:c: no receipt/)
    assert.match(out, /bonuses, pay-outs: 3 checked, 1 open, 1 wrong\.\nwrong 2026-11 a1: paid twice/)
    const json = await say('verify --json')
    assert.deepEqual(JSON.parse(json.out), report)
    assert.equal(JSON.parse(json.error).error.exit_code, exitCodes.checkFailed)
  })

  test('takes --json before and after the verb of a group', async () => {
    reply = { status: 200, body: { running: true, rate: 10 } }
    for (const line of ['traffic --json start', 'traffic start --json', 'traffic --json']) {
      assert.deepEqual(JSON.parse((await say(`${line} --server ${address}`)).out), { running: true, rate: 10 }, line)
    }
    assert.match((await say(`traffic rate 50 --server ${address}`)).out, /runs at 10 outcomes per second/)
    assert.deepEqual(requests.at(-1)?.body, { action: 'rate', rate: 50 })
  })

  test('sends faults with instance and seconds', async () => {
    reply = { status: 200, body: { kind: 'pause', processes: [{ name: 'hiring-2', pid: 7 }] } }
    assert.match(
      (await say(`fault pause hiring --instance 2 --seconds 5 --server ${address}`)).out,
      /^Paused hiring-2 \(process 7\) for 5 s/,
    )
    assert.deepEqual(requests.at(-1)?.body, { kind: 'pause', service: 'hiring', instance: 2, seconds: 5 })
  })

  const refusals: readonly (readonly [number, number])[] = [
    [400, exitCodes.usage],
    [401, exitCodes.notPermitted],
    [403, exitCodes.notPermitted],
    [404, exitCodes.usage],
    [409, exitCodes.failed],
    [500, exitCodes.failed],
    [503, exitCodes.unreachable],
  ]
  test('tells the problem of the server, what to do, and the exit code that fits', async () => {
    for (const [status, expected] of refusals) {
      reply = {
        status,
        body: { title: 'Title', detail: 'there is no link "X"', errors: [{ pointer: '/to', detail: 'must be http or event' }] },
      }
      const { code, error, out } = await say('switch X --to http')
      assert.equal(code, expected, `status ${status}`)
      assert.match(error, /^error: Title: there is no link "X"\n {2}\/to: must be http or event\n {2}\w/)
      assert.equal(out, '')
    }
  })

  test('says how to start a system that does not run', async () => {
    const nowhere = await say('links', { CUTOVER_HOME: join(home, 'nowhere') })
    assert.equal(nowhere.code, exitCodes.unreachable)
    assert.match(nowhere.error, /not running: there is no .*run\.json\n {2}start it with: npm start/)
    const gone = await say('links --server http://127.0.0.1:1')
    assert.equal(gone.code, exitCodes.unreachable)
    assert.match(gone.error, /nothing answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\).*\n {2}start it with: npm start/)
  })

  const usages = [
    ['frob', /unknown command 'frob'/],
    ['verfy', /Did you mean verify\?/],
    ['links --jsno', /Did you mean --json\?/],
    ['switch COMM-040', /required option '--to <route>' not specified/],
    ['switch COMM-040 --to htp', /Allowed choices are http, event/],
    ['traffic rate many', /must be a number of outcomes per second from 0 to 10000/],
    ['traffic rate 1.5', /must be a whole number/],
    ['fault kill', /missing required argument 'service'/],
    ['fault pause hiring --seconds 0', /from 1 to 3600/],
    ['links --timeout 0', /from 1 to 3600/],
    ['links --server nonsense', /must be an address like/],
    ['links extra', /too many arguments/],
    ['token --role king --subject x', /Allowed choices are candidate/],
    ['token --role manager --subject a/b', /letters, digits/],
    ['', /Usage: cutover/],
  ] as const
  for (const [line, message] of usages) {
    test(`refuses "${line}" as wrong usage`, async () => {
      const before = requests.length
      const { code, error, out } = await say(line)
      assert.equal(code, exitCodes.usage)
      assert.match(error, message)
      assert.equal(out, '')
      assert.equal(requests.length, before, 'nothing was sent')
    })
  }
})

describe('docs/cli.md', () => {
  const silent = { environment: {}, out: () => undefined, error: () => undefined, ...alone }
  const leaves = (command: Command, words: readonly string[] = []): string[] =>
    command.commands.length === 0 ? [words.join(' ')] : command.commands.flatMap(child => leaves(child, [...words, child.name()]))

  test('lists every command and no other', async () => {
    const text = await readFile(resolve(import.meta.dirname, '../docs/cli.md'), 'utf8')
    const table = text.slice(0, text.indexOf('## Options'))
    const documented = [...table.matchAll(/^\| `((?:[a-z][a-z-]* ?)+)/gm)].map(match => (match[1] ?? '').trim())
    assert.deepEqual(
      documented.filter(words => !['traffic', 'dead-letters', 'topics'].includes(words)).toSorted(),
      leaves(programOf(silent)).toSorted(),
    )
  })
  test('lists every exit code and no other', async () => {
    const text = await readFile(resolve(import.meta.dirname, '../docs/cli.md'), 'utf8')
    const codes = [...text.slice(text.indexOf('## Exit codes'), text.indexOf('## JSON')).matchAll(/^\| (\d+) +\|/gm)].map(match =>
      Number(match[1]),
    )
    assert.deepEqual(codes, Object.values(exitCodes))
  })
  test('every command shows two examples', () => {
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]
    for (const command of programOf(silent).commands.flatMap(all)) {
      let help = ''
      command.configureOutput({ writeOut: text => (help += text) }).outputHelp()
      assert.equal([...help.matchAll(/\$ npx cutover /g)].length, 2, command.name())
    }
  })
})
