create table account (
  account_id text primary key,
  -- The manager it belongs to; null for the fund that all bonuses come from.
  manager_id text unique,
  -- Minor units. Kept beside the ledger, and equal to its recomputation.
  balance    bigint not null default 0,
  opened_at  timestamptz not null default now()
);
insert into account (account_id) values ('bonus-fund');

-- Double entry: every row debits one account and credits another, so the balances always sum to zero.
create table ledger (
  position       bigint generated always as identity primary key,
  -- Names the effect, for ever: however often and by whatever route a fact arrives, it is booked once.
  business_key   text not null,
  fact_id        uuid not null,
  reason         text not null check (reason in ('task created', 'task completed', 'task failed', 'reversal')),
  task_id        text not null,
  candidate_id   text,
  creator_id     text not null,
  debit_account  text not null references account,
  credit_account text not null references account,
  amount         bigint not null check (amount >= 0),
  rating         integer check (rating between 0 and 100),
  policy_version integer not null,
  reverses       bigint references ledger,
  booked_at      timestamptz not null default now(),
  check (debit_account <> credit_account)
);
create unique index ledger_key on ledger (business_key) where reverses is null;
create unique index ledger_reversal on ledger (reverses) where reverses is not null;
create index ledger_credit on ledger (credit_account, position);
create index ledger_debit on ledger (debit_account, position);
create index ledger_task on ledger (task_id, candidate_id);

-- Append-only: by trigger for every role, and by privilege for everybody but the owner. A correction is a new row.
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % refused. Book a reversal instead', tg_op using errcode = '42501';
end $$;
create trigger ledger_append_only before update or delete or truncate on ledger
  for each statement execute function ledger_is_append_only();
revoke update, delete, truncate on ledger from public, current_user;

-- The rating of a task as each outcome left it, copied from hiring.
create table rating (
  outcome_id uuid primary key,
  task_id    text not null,
  rating     integer not null check (rating between 0 and 100),
  stored_at  timestamptz not null default now()
);
