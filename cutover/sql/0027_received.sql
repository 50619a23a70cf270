-- A fact has one business key for ever: one that comes again with another is a conflict. Null in receipts of older builds.
alter table receipt add column business_key text;

-- Where the holder of a partition has begun to handle records, under which term, and how many holders before it began at
-- that very offset and never came past it: they ended there. Written before the records are touched.
alter table consumer_partition
  add column begun bigint,
  add column begun_term bigint,
  add column ended integer not null default 0;
