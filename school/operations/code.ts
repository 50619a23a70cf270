import type { LinkCode } from '@cutover/engine/trace'

/** Where the school states the facts of each link, and where it brings about their effects: for whoever follows one. */
export const code: Readonly<Record<string, LinkCode>> = {
  'COMM-010': { states: 'school/management/managers/http.ts', acts: 'school/hiring/managers/copy.ts' },
  'COMM-020': { states: 'school/management/tasks/http.ts', acts: 'school/hiring/tasks/tasks.ts' },
  'COMM-030': { states: 'school/hiring/assignments/answer.ts', acts: 'school/management/reworks/consumer.ts' },
  'COMM-040': { states: 'school/hiring/assignments/answer.ts', acts: 'school/bonuses/awards/award.ts' },
  'COMM-050': { states: 'school/hiring/assignments/answer.ts', acts: 'school/bonuses/awards/award.ts' },
  'COMM-060': { states: 'school/hiring/assignments/answer.ts', acts: 'school/bonuses/ratings/copy.ts' },
  'COMM-070': { states: 'school/management/managers/http.ts', acts: 'school/bonuses/managers/copy.ts' },
  'COMM-080': { states: 'school/management/tasks/http.ts', acts: 'school/bonuses/awards/award.ts' },
  'COMM-090': { states: 'school/hiring/candidates/http.ts', acts: 'school/management/candidates/copy.ts' },
}
