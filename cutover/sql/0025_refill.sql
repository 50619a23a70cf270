-- Records that a consumer wanted and that the log had lost or thrown away. The partition stops there, and says so, until its
-- sender has sent again what is not terminal; then the position is set on purpose to where reading goes on.
create table data_gap (
  id          bigint generated always as identity primary key,
  link        text not null,
  consumer    text not null,
  topic_id    uuid not null,
  partition   integer not null,
  -- The offset that was wanted, and what the log had then.
  wanted      bigint not null,
  log_start   bigint not null,
  log_end     bigint not null,
  resume      bigint not null,
  found_at    timestamptz not null default clock_timestamp(),
  refilled_at timestamptz,
  resolved_at timestamptz
);
create unique index data_gap_open on data_gap (consumer, topic_id, partition) where resolved_at is null;
create index data_gap_wanting on data_gap (link) where refilled_at is null;

-- The last refill of each link: what is not terminal is sent again, page by page, from where the sweep stands up to where
-- the log was told then. The place moves after a page was sent, so a crash sends one page twice.
create table refill (
  link     text primary key,
  -- Rises with every refill of the link.
  number   bigint not null,
  -- The receiver's gap that asked for it; null for one that a person asked for.
  gap      bigint,
  position bigint not null,
  carried  bigint not null,
  until    bigint not null,
  looked   bigint not null default 0,
  sent     bigint not null default 0,
  began_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
