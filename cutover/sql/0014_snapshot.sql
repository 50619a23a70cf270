-- What was there before a link was produced is told once, page by page, through the same outbox. One row per link: where
-- the telling stands. The cursor moves in the transaction that states the page, so a crash tells no page twice and none not.
create table snapshot (
  link       text primary key,
  -- The run that asked for it: asking again changes nothing.
  asked_by   text not null,
  state      text not null check (state in ('telling', 'told', 'done', 'cancelled')),
  cursor     text,
  -- Rows that were there when it began, for an estimate; rows that were told.
  total      bigint not null,
  copied     bigint not null default 0,
  -- Every fact of it has a position up to this one; known once it is done.
  through    bigint,
  began_at   timestamptz not null default clock_timestamp(),
  ended_at   timestamptz
);
