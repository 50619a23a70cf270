/**
 * What becomes of a dead letter that was dealt with and fails once more (what a replay gave to another carrier has come
 * back): it is open again, and its group is looked up anew. One that is open already stays as it is.
 */
export const openAgain = `update set state = 'open', job = null, code = excluded.code, error = excluded.error, fingerprint = null,
             attempts = dead_letter.attempts + excluded.attempts, last_failed_at = clock_timestamp()
           where dead_letter.state = 'resolved'`
