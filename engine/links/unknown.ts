import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import { closest } from './closest.ts'

/** No such link, with the one that was probably meant. */
export function linkUnknown(id: string, links: readonly LinkContract[], changes: readonly { readonly id: string }[] = []): Problem {
  const known = [...links, ...changes].map(one => one.id)
  const near = closest(id, known)
  return new Problem('link_unknown', {
    detail: `there is no link "${id}". ${near === undefined ? `${changes.length === 0 ? 'Links' : 'Links and changes'}: ${known.join(', ')}.` : `Did you mean ${near}?`}`,
    extensions: { known, ...(near === undefined ? {} : { did_you_mean: near }) },
  })
}
