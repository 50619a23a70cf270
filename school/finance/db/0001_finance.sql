-- What was paid, once for each key, for ever.
create table payment (
  payment_key text primary key,
  period_id   text not null,
  account_id  text not null,
  -- What was asked for, and what was paid: the same, unless this stand-in was told to pay short.
  asked       bigint not null check (asked > 0),
  amount      bigint not null check (amount >= 0),
  reference   text not null unique,
  paid_at     timestamptz not null default now()
);
create index payment_period on payment (period_id, payment_key);

-- How the next calls are answered; kept, so that a stand-in that was killed goes on as it was told.
create table behaviour (
  only_one boolean primary key default true check (only_one),
  mode     text not null,
  -- How many calls are left; null for all.
  calls    integer check (calls >= 0)
);
insert into behaviour (mode) values ('pays');
