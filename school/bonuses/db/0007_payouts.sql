-- What has left for the bank: the other side of every pay-out.
insert into account (account_id) values ('paid-out');

-- What a closing owes to an account. The key is the business key, and the Idempotency-Key at the finance service.
create table payout (
  payout_key text primary key,
  payout_id  uuid not null unique,
  period_id  text not null,
  account_id text not null,
  amount     bigint not null check (amount > 0),
  -- pending: asked for until there is an answer. confirmed: booked. refused: not paid, waits for a person or the next
  -- closing. carried: not paid, its amount went into a later closing. conflict: the answers contradict, waits for a person.
  state      text not null default 'pending' check (state in ('pending', 'confirmed', 'refused', 'carried', 'conflict')),
  attempts   integer not null default 0,
  next_at    timestamptz not null default clock_timestamp(),
  -- When it was asked for last: from then on the finance service may have paid it, whatever we heard.
  asked_at   timestamptz,
  -- Why it is where it is: the last failure, or the refusal.
  reason     text,
  -- What the finance service has said that contradicts this row.
  conflict   text,
  -- The finance service's own name of the payment.
  reference  text,
  settled_at timestamptz,
  -- The id of the person who had it asked for again last.
  retried_by text,
  unique (period_id, account_id),
  check ((state = 'confirmed') = (settled_at is not null))
);
create index payout_due on payout (next_at) where state = 'pending';
create index payout_held on payout (account_id) where state in ('pending', 'conflict');
create index payout_refused on payout (account_id) where state = 'refused';

-- A pay-out is a booking like any other, about no task and by no policy.
alter table ledger
  drop constraint ledger_reason_check,
  add constraint ledger_reason_check check (reason in ('task created', 'task completed', 'task failed', 'reversal', 'pay-out')),
  alter column task_id drop not null,
  alter column policy_version drop not null,
  add constraint ledger_task_check
    check (reason in ('pay-out', 'reversal') or (task_id is not null and policy_version is not null));
create index ledger_payout on ledger (debit_account) where reason = 'pay-out';
