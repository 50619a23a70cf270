-- The log of what this service has promised to deliver. Append-only: rows are never updated and never deleted;
-- a partition is dropped when every fact in it is terminal. Partitioned by position, which is monotonic in time,
-- so that the relay's range reads touch one partition and a primary key on the position is possible.
create sequence outbox_position as bigint cache 1;

create table outbox (
  position     bigint not null default nextval('outbox_position'),
  fact_id      uuid not null,
  event        text not null,
  version      integer not null,
  business_key text not null,
  order_key    text not null,
  revision     bigint,
  -- {"COMM-040": {"route": "http", "epoch": 3}}: what the switch said, per link, when the fact was committed.
  stamps       jsonb not null,
  -- Whether any stamp asks for the event route. Kept apart so that the relay need not look into stamps.
  publish      boolean not null,
  traceparent  text,
  -- text, not jsonb: the bytes travel as they were validated, and inserting text is 1.4 times faster.
  bytes        text not null,
  created_at   timestamptz not null default now(),
  primary key (position)
) partition by range (position);

create index outbox_fact on outbox (fact_id);

-- A reader of the outbox: its lease, its fencing number, and how far it has come. The position of a lane `sweep:<link>`
-- means more: every fact of the link at or below it is terminal at its subscriber.
create table relay_lane (
  lane     text primary key,
  position bigint not null default 0,
  term     bigint not null default 0,
  holder   text,
  until    timestamptz not null default '-infinity'
);

-- An HTTP delivery that failed, waiting for its next attempt. Its bytes are in the outbox.
create table http_retry (
  link            text not null,
  position        bigint not null,
  fact_id         uuid not null,
  attempts        integer not null default 0,
  next_at         timestamptz not null default now(),
  first_failed_at timestamptz not null default now(),
  last_error      text not null,
  primary key (link, position)
);
create index http_retry_due on http_retry (link, next_at);
