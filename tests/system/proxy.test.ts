import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { openProxy } from './proxy.ts'

test('the proxy passes everything on, resets what is connected when it is cut, and lets nobody through until it is mended', async context => {
  const echo = createServer(socket => socket.pipe(socket).on('error', () => undefined))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const proxy = await openProxy((echo.address() as AddressInfo).port)
  context.after(async () => {
    await proxy.close()
    echo.close()
  })
  const said = async (): Promise<string> => {
    const socket = connect(proxy.port, '127.0.0.1')
    socket.write('hello')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return answer.toString()
  }
  assert.equal(await said(), 'hello')
  const connected = connect(proxy.port, '127.0.0.1')
  connected.write('x')
  await once(connected, 'data')
  const lost = once(connected, 'close')
  proxy.cut()
  await assert.rejects(lost, { code: 'ECONNRESET' })
  await assert.rejects(said(), { code: 'ECONNRESET' })
  proxy.mend()
  assert.equal(await said(), 'hello')
})
