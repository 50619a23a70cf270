import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { words } from '@cutover/engine/api/words'
import { en } from './en.ts'
import { engineWords } from './engine-ru.ts'
import { firstLanguage } from './language.ts'
import { ru } from './ru.ts'
import { opening, sentence } from './say.ts'

const parametersOf = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)/g)].map(([, name]) => name ?? ''))].sort()

/** `map.moving_one` and its text, for every leaf. */
const leaves = (tree: object, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value as object, `${path}${key}.`),
  )

const plural = /_(zero|one|few|many|other)$/

describe('what the engine says', () => {
  test('has a Russian twin for every code, and no other', () =>
    assert.deepEqual(Object.keys(engineWords).sort(), Object.keys(words).sort()))
  test('has the same parameters in both', () => {
    for (const [code, text] of Object.entries(words)) assert.deepEqual(parametersOf(engineWords[code] ?? ''), parametersOf(text), code)
  })
  test('bends Russian nouns by their numbers', () => {
    const say = (instances: number): string =>
      sentence({ code: 'deploy_now_done', params: { capability: 'record COMM-040', instances, service: 'bonuses' } }, 'ru')
    assert.match(say(1), /1 экземпляр bonuses/)
    assert.match(say(3), /3 экземпляра bonuses/)
    assert.match(say(12), /12 экземпляров bonuses/)
    assert.match(say(21), /21 экземпляр bonuses/)
  })
  test('names routes as people do, and as the command does within a command', () => {
    const said = { code: 'retire_no_return', params: { link: 'COMM-040', route: 'http' } }
    assert.match(sentence(said, 'ru'), /cutover apply COMM-040 --to http/)
    assert.match(sentence({ code: 'route', params: { ...said.params, service: 'hiring' } }, 'en'), /from now on HTTP carries COMM-040/)
  })
  test('begins a line with a large letter, unless with a name', () => {
    assert.equal(opening({ code: 'parity', params: {} }, 'ru').charAt(0), 'С')
    assert.match(opening({ code: 'service_away', params: { service: 'bonuses', reason: 'x' } }, 'en'), /^bonuses/)
  })
  test('is shown as its code where the words lack it', () => assert.equal(sentence({ code: 'new_thing', params: {} }, 'ru'), 'new_thing'))
})

describe('the words of the page', () => {
  const stems = (tree: object): string[] => [...new Set(leaves(tree).map(([key]) => key.replace(plural, '')))].sort()
  test('have the same keys in both languages', () => assert.deepEqual(stems(ru), stems(en)))
  test('have all the forms that the language asks for', () => {
    for (const [tree, forms] of [
      [en, ['one', 'other']],
      [ru, ['one', 'few', 'many', 'other']],
    ] as const) {
      const keys = new Set(leaves(tree).map(([key]) => key))
      const stems = new Set([...keys].filter(key => plural.test(key)).map(key => key.replace(plural, '')))
      for (const stem of stems) for (const form of forms) assert.ok(keys.has(`${stem}_${form}`), `${stem}_${form}`)
    }
  })
  test('have the same parameters in both languages', () => {
    const russian = new Map(leaves(ru))
    for (const [key, text] of leaves(en)) {
      if (!plural.test(key)) assert.deepEqual(parametersOf(russian.get(key) ?? ''), parametersOf(text), key)
    }
  })
  test('are never empty', () =>
    assert.deepEqual(
      [...leaves(en), ...leaves(ru)].filter(([, text]) => text.trim() === ''),
      [],
    ))
})

describe('the first language', () => {
  test('is the one that was chosen', () => assert.equal(firstLanguage('ru', ['en-US']), 'ru'))
  test('else the first of the browser that we speak', () => assert.equal(firstLanguage(null, ['fr-FR', 'ru-RU', 'en']), 'ru'))
  test('else English', () => assert.equal(firstLanguage(null, ['ja']), 'en'))
})
