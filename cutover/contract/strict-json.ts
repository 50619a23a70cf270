/** Why a body was not read: a code of the problem catalogue, a JSON pointer, and what was expected. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly code: string
  readonly pointer: string
  constructor(code: string, pointer: string, detail: string) {
    super(detail)
    this.code = code
    this.pointer = pointer
  }
}

const depthMax = 32
// As many as a double may need to be told from its neighbours, and as many as are ever written for one.
const digitsMax = 17
const numeral = /-?\d[\d.eE+-]*/y
const significantDigits = (literal: string): number =>
  literal
    .replace(/e.*/i, '')
    .replace(/^-?0*\.?0*/, '')
    .replace('.', '').length
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads JSON as strictly as every later reader must: what two parsers could understand differently is refused (keys
 * that occur twice, numbers that lose digits, lone surrogates, U+0000, a byte order mark), and so is what harms one
 * (deep nesting, `__proto__`). Throws `JsonError`.
 */
export function parseStrict(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new JsonError('body_empty', '', 'a JSON document is expected')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new JsonError('json_bom', '', 'send UTF-8 without a byte order mark')
  if (isUtf16(bytes)) throw new JsonError('charset_unsupported', '', 'this is UTF-16; send UTF-8')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new JsonError('utf8_invalid', '', 'the body is not valid UTF-8')
  }
  const reader = new Reader(text)
  return reader.document()
}

/** By its mark, or because the first two characters, which are ASCII in JSON, have a zero byte each on the same side. */
const isUtf16 = ([a, b, c, d]: Uint8Array): boolean =>
  (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0 && c === 0 && b !== 0) || (b === 0 && d === 0 && a !== 0)

class Reader {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  document(): unknown {
    const value = this.#value('', 0)
    this.#space()
    if (this.#at < this.#text.length) this.#syntax('nothing may follow the document')
    return value
  }

  #value(pointer: string, depth: number): unknown {
    this.#space()
    const first = this.#text[this.#at]
    if (depth >= depthMax && (first === '{' || first === '[')) {
      throw new JsonError('json_too_deep', pointer, `objects and arrays may be nested ${depthMax} levels deep`)
    }
    if (first === '{') return this.#object(pointer, depth)
    if (first === '[') return this.#array(pointer, depth)
    if (first === '"') return this.#string(pointer)
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    }
    return this.#number(pointer)
  }

  #object(pointer: string, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    this.#at++
    this.#space()
    if (this.#take('}')) return object
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#syntax('a key in double quotes is expected')
      const key = this.#string(pointer)
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (forbiddenKeys.has(key)) throw new JsonError('key_forbidden', at, 'this key is not allowed')
      if (Object.hasOwn(object, key)) throw new JsonError('json_duplicate_key', at, 'this key occurs twice')
      this.#space()
      if (!this.#take(':')) this.#syntax('":" is expected')
      object[key] = this.#value(at, depth + 1)
      this.#space()
    } while (this.#take(','))
    if (!this.#take('}')) this.#syntax('"," or "}" is expected')
    return object
  }

  #array(pointer: string, depth: number): unknown[] {
    const array: unknown[] = []
    this.#at++
    this.#space()
    if (this.#take(']')) return array
    do array.push(this.#value(`${pointer}/${array.length}`, depth + 1))
    while ((this.#space(), this.#take(',')))
    if (!this.#take(']')) this.#syntax('"," or "]" is expected')
    return array
  }

  #string(pointer: string): string {
    const from = this.#at
    let end = from + 1
    for (; this.#text[end] !== '"'; end++) {
      if (end >= this.#text.length || this.#text.charCodeAt(end) < 0x20)
        this.#syntax('a string is not closed, or holds a control character')
      if (this.#text[end] === '\\') end++
    }
    this.#at = end + 1
    const value = this.#parsePart(this.#text.slice(from, this.#at), from) as string
    if (!value.isWellFormed()) throw new JsonError('unicode_surrogate', pointer, 'a lone surrogate is not a character')
    if (value.includes('\u0000')) throw new JsonError('unicode_nul', pointer, 'U+0000 is not allowed')
    return value
  }

  #number(pointer: string): number {
    numeral.lastIndex = this.#at
    const literal = numeral.exec(this.#text)?.[0]
    if (literal === undefined) this.#syntax('a value is expected')
    const value = this.#parsePart(literal, this.#at) as number
    const vanished = value === 0 && /[1-9]/.test(literal.replace(/e.*/i, ''))
    if (!Number.isFinite(value) || vanished) throw new JsonError('number_range', pointer, 'the number is beyond what a double can hold')
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw new JsonError('number_unsafe', pointer, 'whole numbers go to 9007199254740991; send larger ones as text')
    }
    if (significantDigits(literal) > digitsMax) {
      throw new JsonError('number_unsafe', pointer, `a number may have ${digitsMax} significant digits; send longer ones as text`)
    }
    this.#at += literal.length
    return Object.is(value, -0) ? 0 : value
  }

  #parsePart(part: string, at: number): unknown {
    try {
      return JSON.parse(part)
    } catch {
      this.#at = at
      return this.#syntax('this is not a JSON value')
    }
  }

  #space(): void {
    while (this.#at < this.#text.length && ' \t\n\r'.includes(this.#text[this.#at] as string)) this.#at++
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #syntax(expected: string): never {
    const byte = new TextEncoder().encode(this.#text.slice(0, this.#at)).length
    throw new JsonError('json_syntax', '', `at byte ${byte}: ${expected}`)
  }
}
