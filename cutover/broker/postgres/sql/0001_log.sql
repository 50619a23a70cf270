-- An ordered, partitioned log. An append locks the rows of its partitions, takes contiguous offsets and inserts its
-- batch in one statement, so offsets have no gaps and a reader needs no tricks to see everything.
create table topic (
  id         uuid primary key default gen_random_uuid(),
  name       text not null unique,
  partitions integer not null check (partitions between 1 and 64)
);

create table topic_partition (
  id           bigint generated always as identity primary key,
  topic_id     uuid not null references topic on delete cascade,
  partition    integer not null,
  -- The first offset that still exists, and the next one to be written.
  start_offset bigint not null default 0,
  next_offset  bigint not null default 0,
  unique (topic_id, partition)
);

-- Partitioned by time, so that retention drops whole tables and rewrites nothing.
create table record (
  partition_id bigint not null,
  "offset"     bigint not null,
  key          text not null,
  value        text not null,
  headers      text not null,
  appended_at  timestamptz not null
) partition by range (appended_at);

create index record_place on record (partition_id, "offset");
