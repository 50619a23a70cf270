-- Copies of state that other services own are tables of their own, made and dropped by plans. One that is in quarantine has
-- another name, and under its own name there is a view that refuses whoever reaches for it.
create table replica_touch (
  replica text not null,
  who     text not null,
  -- How it was reached for: read, kept.
  what    text not null,
  count   bigint not null default 1,
  last_at timestamptz not null default now(),
  primary key (replica, who, what)
);

-- Copies in quarantine: since when, and what the tripwire had counted when it was read last, and when that had changed.
create table replica_quarantine (
  replica text primary key,
  drawn   bigint not null default 0,
  quiet_since timestamptz not null default clock_timestamp()
);

-- The count is drawn from a sequence, because what a transaction notes that is then refused would be gone with it: so that
-- somebody reached for the table is known even of those who cannot be named.
create function replica_tripwire(replica text) returns boolean language plpgsql volatile as $$
begin
  perform nextval(replica || '_touched');
  raise exception 'the copy "%" is in quarantine: nothing may read it any more, and % did', replica, current_setting('application_name')
    using errcode = 'CU001';
end $$;

create function replica_tripwire_row() returns trigger language plpgsql as $$
begin
  perform replica_tripwire(tg_table_name::text);
  return null;
end $$;
