-- One history of everything that operators order and the engine does, instead of one of switches alone: runs and their
-- steps have their lines in it too. Each line holds the hash of the line before it, so that a line that is changed or
-- taken out is noticed. Ids and numbers only, never payloads.
drop table switch_history;

create table history (
  number  bigint primary key,
  at      timestamptz not null,
  who     text not null,
  action  text not null,
  link    text not null,
  run     text,
  step    text,
  term    bigint not null,
  -- A JSON object, as text, because the hash covers it letter by letter.
  numbers text not null,
  before  text not null,
  hash    text not null
);
create index history_link on history (link, number);
create index history_run on history (run, number) where run is not null;

create trigger history_append_only before update or delete or truncate on history
  for each statement execute function refuse_change();
