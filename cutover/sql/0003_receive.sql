-- What became of a fact here, written in the transaction of its effect. A fact with a receipt is terminal.
create table receipt (
  link     text not null,
  fact_id  uuid not null,
  -- Its place in the sender's outbox: the two services compare sets by ranges of it.
  position bigint not null,
  outcome  text not null check (outcome in ('done', 'duplicate', 'rejected', 'written_off')),
  detail   text,
  via      text not null,
  at       timestamptz not null default now(),
  -- The fact first: it is what a receipt is looked for by.
  primary key (fact_id, link)
);
create index receipt_position on receipt (link, position);

-- A fact that cannot be acted on yet, and what it waits for. Not terminal. Waiting spends no attempts.
create table parked (
  link      text not null,
  fact_id   uuid not null,
  waits_for text not null,
  tries     integer not null default 0,
  next_at   timestamptz not null,
  parked_at timestamptz not null default now(),
  headers   text not null,
  bytes     text not null,
  primary key (link, fact_id)
);
create index parked_due on parked (next_at);
create index parked_waits on parked (waits_for);

-- A message that could not be handled, with its bytes and its reason. Not terminal.
create table dead_letter (
  id          bigint generated always as identity primary key,
  -- 'receive' for a consumer's, 'relay' for a delivery that the other side refuses.
  side        text not null check (side in ('receive', 'relay')),
  link        text not null,
  fact_id     uuid,
  code        text not null,
  error       text not null,
  attempts    integer not null,
  -- bytea: what is not UTF-8 or holds U+0000 must be kept too.
  bytes       bytea not null,
  headers     text not null,
  -- Where it came from, so that a redelivery is not stored again: topic id, partition and offset, or the outbox position.
  origin      text not null,
  state       text not null default 'open' check (state in ('open', 'replaying', 'resolved', 'written_off')),
  created_at  timestamptz not null default now(),
  unique (side, link, origin)
);
create index dead_letter_fact on dead_letter (fact_id);
create index dead_letter_open on dead_letter (link) where state in ('open', 'replaying');

-- What a consumer would have done about a fact whose authority is another route. Never an effect, never a receipt.
create table recorded (
  link         text not null,
  fact_id      uuid not null,
  business_key text not null,
  decision     text not null,
  at           timestamptz not null default now(),
  primary key (link, fact_id)
);

-- How far a consumer has come, with the lease on the partition. By topic id: a topic made again under its old name is another one.
create table consumer_partition (
  consumer  text not null,
  topic_id  uuid not null,
  partition integer not null,
  -- The next offset to read.
  position  bigint not null default 0,
  term      bigint not null default 0,
  holder    text,
  until     timestamptz not null default '-infinity',
  primary key (consumer, topic_id, partition)
);

-- Live instances of this service, by heartbeat: shares of partitions are counted on it, and what each can handle is declared here.
create table instance (
  id           text primary key,
  until        timestamptz not null,
  capabilities text not null
);
