import type { PairVerdict } from '@cutover/engine/api/plan'
import type { Tone } from '../shell/Answer.tsx'

/** In the order in which they are shown: how many are well, then what is wrong, then what is not decided. */
export const pairVerdicts: readonly PairVerdict[] = ['equal', 'different', 'missing', 'extra', 'late', 'undecided']

export const tonesOfPairs: Readonly<Record<PairVerdict, Tone>> = {
  equal: 'good',
  different: 'bad',
  missing: 'bad',
  extra: 'bad',
  late: 'warn',
  undecided: 'wait',
}
