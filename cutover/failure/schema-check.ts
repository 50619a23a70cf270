import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FuncKeywordDefinition, SchemaValidateFunction } from 'ajv/dist/types/index.js'

/**
 * The checker of every schema of ours, of requests and of events alike: strict, tells all faults, and converts nothing.
 * Beside the keywords of JSON Schema it knows `name`: a text that names a person or a thing. It has something to see in it
 * and as many characters at the most as the keyword says, counted as people count them: what one sees as one is one.
 */
export function openSchemaCheck(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allErrors: true, coerceTypes: false, useDefaults: false, allowUnionTypes: true })
  ajv.addKeyword(nameKeyword)
  // Says who may see it, and checks nothing.
  ajv.addKeyword({ keyword: 'x-sensitivity', schemaType: 'string' })
  return ajv
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
const visible = /[^\s\p{C}]/u

const checkName: SchemaValidateFunction = (limit: number, text: string): boolean => {
  checkName.errors = []
  if (!visible.test(text)) checkName.errors.push({ keyword: 'name', params: { rule: 'name_blank' } })
  // A character takes one unit at the least, so most texts need not be counted.
  const count = text.length <= limit ? 0 : [...graphemes.segment(text)].length
  if (count > limit) checkName.errors.push({ keyword: 'name', params: { rule: 'too_long', count, limit } })
  return checkName.errors.length === 0
}

const nameKeyword: FuncKeywordDefinition = { keyword: 'name', type: 'string', schemaType: 'number', errors: 'full', validate: checkName }
