import { extendProblems, Problem } from 'cutover/failure'

extendProblems({ process_unknown: { status: 404, title: 'There is no such process' } })

/** What a request names is not there. `detail` lists what is. */
export const processUnknown = (pointer: string, detail: string): Problem =>
  new Problem('process_unknown', { detail, errors: [{ pointer, code: 'unknown', detail }] })
