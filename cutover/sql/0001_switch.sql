-- Which route carries a fact is decided here and nowhere else: in the database of the service that states the fact.
-- One epoch per database. Every change of any switch raises it; a fact commits only under the epoch that built it.
create table switch_epoch (
  one   boolean primary key default true check (one),
  epoch bigint not null check (epoch > 0),
  -- The highest engine term seen. A stale engine, woken after another took over, is refused by it.
  term  bigint not null default 0
);
insert into switch_epoch (epoch) values (1);

create table switch_link (
  link       text primary key,
  route      text not null check (route in ('http', 'event')),
  -- Publish the event as well although http has the authority, for a consumer that records.
  shadow     boolean not null default false,
  epoch      bigint not null,
  changed_at timestamptz not null default now()
);

create table switch_event (
  event   text primary key,
  version integer not null check (version >= 0)
);

-- An event version that is not listed here cannot be appended.
create table registered_version (
  event         text not null,
  version       integer not null check (version >= 0),
  digest        text not null,
  registered_at timestamptz not null default now(),
  primary key (event, version)
);
