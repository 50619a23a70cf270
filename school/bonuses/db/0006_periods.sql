-- Money is booked into the one period that is open. A period runs from the closing before it to its own; the first one
-- takes what was booked before there were periods.
create table period (
  period_id     text primary key check (period_id ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  opened_at     timestamptz not null,
  closed_at     timestamptz,
  -- The id of the person who closed it.
  closed_by     text,
  -- The last booking when it was closed: none of this period can have a later position.
  last_position bigint,
  check ((closed_at is null) = (last_position is null))
);
create unique index period_open on period ((true)) where closed_at is null;
insert into period (period_id, opened_at) values (to_char(now() at time zone 'UTC', 'YYYY-MM'), '-infinity');

-- The balance of each account when a period was closed, and how much of it an earlier pay-out had a claim on. Written from
-- these tables themselves while all bookings wait, so no key is looked up for each row.
create table period_account (
  period_id  text not null,
  account_id text not null,
  closing    bigint not null,
  held       bigint not null default 0,
  primary key (period_id, account_id)
);

create function closed_for_good() returns trigger language plpgsql as $$
begin
  raise exception 'what was closed stays closed: % refused', tg_op using errcode = '42501';
end $$;
create trigger period_stays_closed before update on period
  for each row when (old.closed_at is not null) execute function closed_for_good();
create trigger period_stays before delete or truncate on period for each statement execute function closed_for_good();
create trigger closing_stays before update or delete or truncate on period_account
  for each statement execute function closed_for_good();

-- A month end is a flip: a booking holds the lock shared until it commits, and closing takes it alone. The lock is a
-- statement of its own before the period is read. It is that also inside this function, because a volatile function
-- takes a fresh snapshot for each of its statements at read committed; at any other level it would read what was open
-- before the lock was waited for, and is refused.
create function open_period() returns text language plpgsql volatile as $$
declare
  found text;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'bookings are made at read committed, not at %', current_setting('transaction_isolation') using errcode = '25001';
  end if;
  perform pg_advisory_xact_lock_shared(1112493651, 1);
  select period_id into strict found from period where closed_at is null;
  return found;
end $$;

-- A constant first, so that no row is rewritten; from then on what is open. By the default an older build is fenced as well.
do $$
begin
  execute format('alter table ledger add column period_id text not null default %L', (select period_id from period));
end $$;
alter table ledger
  alter column period_id set default open_period(),
  -- When the fact happened, as its owner says. Shown only: nothing is decided by it.
  add column happened_at timestamptz;
-- Periods follow each other in the table, so a few kilobytes find the rows of one.
create index ledger_period on ledger using brin (period_id) with (autosummarize = on);
