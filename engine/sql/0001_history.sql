-- Every action on a switch, in order. Each line holds the hash of the line before it, so that a line that is changed
-- or taken out is noticed. Ids and numbers only, never payloads.
create table switch_history (
  number     bigint primary key,
  at         timestamptz not null,
  who        text not null,
  link       text not null,
  route_from text check (route_from in ('http', 'event')),
  route_to   text not null check (route_to in ('http', 'event')),
  epoch      bigint,
  term       bigint not null,
  -- 'asked' is written before the service is told, so that an engine that dies in between leaves a trace.
  outcome    text not null check (outcome in ('asked', 'moved', 'unchanged', 'failed')),
  before     text not null,
  hash       text not null
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end $$;

create trigger switch_history_append_only before update or delete or truncate on switch_history
  for each statement execute function refuse_change();

-- The fencing number of the engine. It follows the clock in milliseconds, so that an engine database that was
-- restored or made anew does not fall behind what the services have seen.
create sequence engine_term as bigint;

-- The highest switch epoch that each service has ever told. One that tells a lower one was restored from a backup.
create table epoch_seen (
  service text primary key,
  epoch   bigint not null,
  seen_at timestamptz not null default now()
);
