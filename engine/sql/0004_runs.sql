-- A run of a plan. It holds its link until it has ended: completed, or undone.
create table run (
  number     bigint generated always as identity primary key,
  plan       text not null,
  link       text not null,
  route_from text not null check (route_from in ('http', 'event')),
  route_to   text not null check (route_to in ('http', 'event')),
  -- Digest of the plan's steps when it started: a build that knows other steps under this name does not touch it.
  hash       text not null,
  who        text not null,
  heading    text not null default 'forward' check (heading in ('forward', 'back', 'complete')),
  paused     boolean not null default false,
  -- The step after which it pauses by itself.
  until      text,
  ended      text check (ended in ('reverted', 'completed')),
  started_at timestamptz not null default now(),
  -- When it last came to rest or was set going again.
  turned_at  timestamptz not null default now(),
  -- Rises with every change, so that watchers see that there is one.
  version    bigint not null default 1
);
create unique index one_unfinished_run_per_link on run (link) where ended is null;

-- What an unfinished run touches: links, events, columns. Nobody else may touch it.
create table run_lock (
  resource text primary key,
  run      bigint not null references run
);

-- One verb of one step of a run.
create table run_step (
  run        bigint not null references run,
  place      integer not null,
  step       text not null,
  verb       text not null,
  -- Cannot be undone.
  final      boolean not null,
  state      text not null default 'pending'
             check (state in ('pending', 'applying', 'settling', 'done', 'reverting', 'unsettling', 'reverted', 'failed')),
  -- What the inverse has to know about the state before: ids and numbers, JSON.
  memo       text not null default '{}',
  -- What the gate saw when it looked last, JSON.
  gate       text,
  attempts   integer not null default 0,
  started_at timestamptz,
  ended_at   timestamptz,
  primary key (run, place)
);

-- Which event versions are registered, with their documents, and the run that entered them.
create table registered_event (
  event         text not null,
  version       integer not null check (version >= 0),
  digest        text not null,
  document      text not null,
  run           text,
  registered_at timestamptz not null default now(),
  primary key (event, version)
);
