/** Counts the facts of a stretch of positions and digests their sorted ids: the same over a sender's rows as over a receiver's receipts. */
export const stretchSql = (table: string, condition: string): string => `
  select count(*)::int as count, coalesce(md5(string_agg(fact_id::text, ',' order by fact_id)), '') as digest
    from ${table} where position > $1 and position <= $2 and ${condition}`
