-- A fact that was produced in shadow, as both routes know it: what HTTP did about it, and the message by which the event
-- would have had it done. One row per fact, written by whichever side comes first and completed by the other; then the
-- two effects are compared, by business key. (Table recorded, which this replaces, stays for as long as a build may run
-- that writes it.)

create table parity (
  link         text not null,
  fact_id      uuid not null,
  business_key text not null,
  -- The epoch under which the fact was stated: a comparison begins with the epoch at which its shadow began.
  epoch        bigint not null,
  acted_at     timestamptz,
  -- done, duplicate, or the rule that refused it
  acted        text,
  recorded_at  timestamptz,
  -- The message as it came by event, until it has been found equal.
  headers      text,
  bytes        text,
  verdict      text check (verdict in ('equal', 'different', 'missing', 'extra', 'late')),
  -- The two effects as plain columns, JSON.
  by_http      text,
  by_event     text,
  judged_at    timestamptz,
  primary key (link, fact_id)
);
create index parity_undecided on parity (link, recorded_at) where verdict is null;
create index parity_totals on parity (link, epoch, verdict);
create index parity_key on parity (business_key);
create index parity_age on parity (judged_at);
