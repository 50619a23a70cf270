/**
 * The portions of a plan: the per cents of the business keys that the new route carries, one after the other, before it
 * carries all of them. Each has a step of its own.
 */
export type Portions = readonly number[]

export const portionsMax = 5

/** Why these are no portions, in one sentence; null for portions that can be meant. Pure. */
export function portionsError(portions: Portions): string | null {
  if (portions.length > portionsMax) return `a plan takes ${portionsMax} portions at most, and these are ${portions.length}`
  const outside = portions.find(one => !Number.isInteger(one) || one < 1 || one > 99)
  if (outside !== undefined) return `a portion is a whole number of per cent from 1 to 99, and ${outside} is none; all keys follow anyway`
  const late = portions.find((one, at) => at > 0 && one <= (portions[at - 1] ?? 0))
  return late === undefined ? null : `portions rise from step to step, and ${late} does not`
}

/** Portions as the command and the query write them: `5,25`. */
export const formatPortions = (portions: Portions): string => portions.join(',')

/** The numbers of such a text; what is no number is NaN, which `portionsError` names. */
export const parsePortions = (text: string): Portions => text.split(',').map(part => (/^\d{1,3}$/.test(part) ? Number(part) : Number.NaN))
