import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSessions } from './session.ts'

const at = 1_800_000_000_000
const cookieOf = (header: string): string => header.split(';')[0] ?? ''
const get = (cookie: string) => ({ method: 'GET', headers: { cookie, host: '127.0.0.1:4400' } })
const post = (cookie: string, origin?: string) => ({
  method: 'POST',
  headers: { cookie, host: '127.0.0.1:4400', ...(origin === undefined ? {} : { origin }) },
})

test('who has shown the token is known for twelve hours, by every engine that has the same token', () => {
  const cookie = cookieOf(openSessions('secret', () => at).open())
  assert.equal(openSessions('secret', () => at + 11 * 3_600_000).admits(get(`other=1; ${cookie}`)), true)
  assert.equal(openSessions('secret', () => at + 13 * 3_600_000).admits(get(cookie)), false)
  assert.equal(openSessions('another', () => at).admits(get(cookie)), false)
})

test('a cookie that was changed, or is none, admits nobody', () => {
  const sessions = openSessions('secret', () => at)
  const cookie = cookieOf(sessions.open())
  const later = cookie.replace(String(at + 12 * 3_600_000), String(at + 99 * 3_600_000))
  for (const wrong of [later, `${cookie}x`, 'cutover_session=', 'cutover_session=.', '', cookieOf(sessions.close())])
    assert.equal(sessions.admits(get(wrong)), false, wrong)
})

test('a call that changes something must come from our own page', () => {
  const sessions = openSessions('secret', () => at)
  const cookie = cookieOf(sessions.open())
  assert.equal(sessions.admits(post(cookie, 'http://127.0.0.1:4400')), true)
  assert.equal(sessions.admits(post(cookie, 'http://evil.example')), false)
  assert.equal(sessions.admits(post(cookie)), false)
})

test('the cookie is out of reach of scripts and of other sites', () => {
  assert.match(openSessions('secret', () => at).open(), /HttpOnly; SameSite=Strict/)
})
