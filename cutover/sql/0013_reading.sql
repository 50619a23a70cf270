-- Where a read over a data link is answered from is decided here, in the reader's own database, and nowhere else.
create table reading (
  link       text primary key,
  answers    text not null check (answers in ('http', 'replica')),
  -- The other side is asked as well, beside the answer, and compared.
  compares   boolean not null default false,
  -- Rises with every change of the row: reads of an older epoch may still be in flight.
  epoch      bigint not null default 1,
  changed_at timestamptz not null default now()
);

-- How compared reads came out, counted by each instance since an epoch.
create table read_compared (
  link      text not null,
  epoch     bigint not null,
  instance  text not null,
  equal     bigint not null default 0,
  stale     bigint not null default 0,
  different bigint not null default 0,
  missing   bigint not null default 0,
  extra     bigint not null default 0,
  failed    bigint not null default 0,
  -- Reads that were not compared because too many waited for it.
  skipped   bigint not null default 0,
  -- Equal or stale in a row: what differs or fails begins the count anew.
  in_a_row  bigint not null default 0,
  primary key (link, epoch, instance)
);

-- Single reads that did not come out equal at once. Keys and names of columns, never values: they may be personal.
create table read_mismatch (
  id      bigint generated always as identity primary key,
  link    text not null,
  epoch   bigint not null,
  key     text not null,
  verdict text not null check (verdict in ('stale', 'different', 'missing', 'extra', 'failed')),
  columns text[] not null,
  -- For how long the copy was behind.
  lag_ms  double precision,
  at      timestamptz not null default now()
);
create index read_mismatch_link on read_mismatch (link, epoch, verdict);

-- Rows that were fetched for facts that wait for them, while reads are answered by HTTP. Short-lived: what is needed again
-- is fetched again.
create table gathered (
  link     text not null,
  key      text not null,
  row      jsonb not null,
  revision bigint not null,
  at       timestamptz not null default now(),
  primary key (link, key)
);
create index gathered_at on gathered (at);
