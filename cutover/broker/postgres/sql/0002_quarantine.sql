-- A topic that is hidden: in quarantine it keeps its records and can be put back; retired it is deleted, and only its
-- name stays, so that nobody makes it again by accident.
alter table topic
  add column hidden       text check (hidden in ('quarantined', 'retired')),
  add column hidden_since timestamptz,
  add check ((hidden is null) = (hidden_since is null));

-- While a topic is in quarantine its partitions belong to that instead: no append and no fetch finds them, of whatever
-- build, and one that was under way has ended before. Retention goes on.
alter table topic_partition
  alter column topic_id drop not null,
  add column quarantine_of uuid references topic on delete cascade,
  add check ((topic_id is null) <> (quarantine_of is null));
create index topic_partition_quarantine on topic_partition (quarantine_of) where quarantine_of is not null;

-- Who wanted to use a hidden topic all the same, since it was hidden. One row per client and kind, so it stays small.
create table topic_touch (
  topic    text not null,
  who      text not null,
  what     text not null check (what in ('append', 'fetch', 'create')),
  first_at timestamptz not null,
  last_at  timestamptz not null,
  count    bigint not null,
  primary key (topic, who, what)
);
