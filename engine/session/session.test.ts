import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSessions } from './session.ts'

const at = 1_800_000_000_000
const both = { operator: 'secret', approver: 'second' }
const cookieOf = (header: string | null): string => header?.split(';')[0] ?? ''
const get = (cookie: string) => ({ method: 'GET', headers: { cookie, host: '127.0.0.1:4400' } })
const post = (cookie: string, origin?: string) => ({
  method: 'POST',
  headers: { cookie, host: '127.0.0.1:4400', ...(origin === undefined ? {} : { origin }) },
})

test('who has shown the token is known for twelve hours, by every engine that has the same token', () => {
  const cookie = cookieOf(openSessions(both, () => at).open('secret'))
  assert.equal(openSessions(both, () => at + 11 * 3_600_000).admits(get(`other=1; ${cookie}`)), 'operator')
  assert.equal(openSessions(both, () => at + 13 * 3_600_000).admits(get(cookie)), null)
  assert.equal(openSessions({ operator: 'another', approver: null }, () => at).admits(get(cookie)), null)
})

test('a cookie that was changed, or is none, admits nobody', () => {
  const sessions = openSessions(both, () => at)
  const cookie = cookieOf(sessions.open('secret'))
  const later = cookie.replace(String(at + 12 * 3_600_000), String(at + 99 * 3_600_000))
  for (const wrong of [later, `${cookie}x`, 'cutover_session=', 'cutover_session=.', '', cookieOf(sessions.close())])
    assert.equal(sessions.admits(get(wrong)), null, wrong)
})

test('a call that changes something must come from our own page', () => {
  const sessions = openSessions(both, () => at)
  const cookie = cookieOf(sessions.open('secret'))
  assert.equal(sessions.admits(post(cookie, 'http://127.0.0.1:4400')), 'operator')
  assert.equal(sessions.admits(post(cookie, 'http://evil.example')), null)
  assert.equal(sessions.admits(post(cookie)), null)
})

test('the cookie is out of reach of scripts and of other sites', () => {
  assert.match(openSessions(both, () => at).open('secret') ?? '', /HttpOnly; SameSite=Strict/)
})

test('who signs in with the second token is the approver, as long as there is one, and nobody by any other', () => {
  const cookie = cookieOf(openSessions(both, () => at).open('second'))
  assert.equal(openSessions(both, () => at).admits(get(cookie)), 'approver')
  assert.equal(openSessions({ ...both, approver: null }, () => at).admits(get(cookie)), null)
  assert.equal(openSessions(both, () => at).open('third'), null)
  assert.equal(openSessions({ ...both, approver: null }, () => at).open('second'), null)
})
