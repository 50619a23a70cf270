-- Dead letters as people handle them: put into groups by whoever looks first, edited beside their original, and replayed,
-- written off or exported by jobs that live here and not in a client.
alter table dead_letter
  add column event          text,
  add column version        integer,
  -- The group's digest and text: of the error without ids, numbers and personal values. Null until somebody has looked.
  add column fingerprint    text,
  add column cause          text,
  add column last_failed_at timestamptz not null default now(),
  -- The job that has claimed it. One at a time.
  add column job            bigint;
create index dead_letter_group on dead_letter (link, fingerprint, id) where state in ('open', 'replaying');
create index dead_letter_new on dead_letter (id) where fingerprint is null;
create index dead_letter_claimed on dead_letter (job) where job is not null;

-- What a message was changed to; its original stays where it is. The latest edit is what is replayed.
create table dead_letter_edit (
  id      bigint generated always as identity primary key,
  letter  bigint not null references dead_letter,
  author  text not null,
  reason  text not null,
  at      timestamptz not null default clock_timestamp(),
  -- JSON: the places that were set, with their values.
  patch   text not null,
  bytes   bytea not null,
  headers text not null,
  -- What of the original it touches that a second person has to look at: identity, stamp, effect.
  touches text[] not null
);
create index dead_letter_edited on dead_letter_edit (letter, id);

-- `waiting` for a second person; `held` because the first of it failed again.
create table dead_letter_job (
  id          bigint generated always as identity primary key,
  -- Who asks twice under one request gets the same job.
  request     uuid unique,
  kind        text not null check (kind in ('replay', 'rehearsal', 'write_off', 'export')),
  state       text not null check (state in ('waiting', 'running', 'done', 'held', 'stopped')),
  reason      text,
  rate        integer not null check (rate between 1 and 1000),
  -- Why a second person is needed: count, edit, money, not_terminal.
  needs       text[] not null default '{}',
  total       integer not null default 0,
  who         text not null,
  approver    text,
  -- Why it stands still, or how it ended; a code.
  trouble     text,
  holder      text,
  term        bigint not null default 0,
  until       timestamptz not null default '-infinity',
  asked_at    timestamptz not null default clock_timestamp(),
  approved_at timestamptz,
  ended_at    timestamptz
);
create index dead_letter_job_open on dead_letter_job (id) where state in ('waiting', 'running');

create table dead_letter_item (
  job     bigint not null references dead_letter_job on delete cascade,
  place   integer not null,
  letter  bigint not null references dead_letter,
  -- The edit that was the latest when the job was ordered: what is approved is what is replayed.
  edit    bigint references dead_letter_edit,
  -- Counted before it is handled: one that kills whoever handles it is not tried for ever.
  tries   integer not null default 0,
  outcome text,
  detail  text,
  at      timestamptz,
  primary key (job, place)
);
create index dead_letter_item_letter on dead_letter_item (letter);
create index dead_letter_item_left on dead_letter_item (job, place) where outcome is null;
