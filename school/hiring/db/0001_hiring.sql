-- A copy of the task as hiring needs it, with what hiring knows about it. An older revision never overwrites a newer one.
create table task (
  task_id    text primary key,
  creator_id text not null,
  title      text not null,
  text       text not null,
  questions  jsonb not null,
  revision   bigint not null,
  -- Answers ever, the wrong ones among them, and the right ones since the last edit.
  checks     integer not null default 0,
  failed     integer not null default 0,
  solved     integer not null default 0,
  -- Too easy: not assigned until a newer revision arrives.
  withdrawn  boolean not null default false,
  read_at    timestamptz not null default now()
);

create table candidate (
  candidate_id  text primary key,
  name          text not null,
  registered_at timestamptz not null default now()
);

-- One task for one candidate, at most once; it ends once, for ever.
create table assignment (
  assignment_id text primary key,
  task_id       text not null references task,
  candidate_id  text not null references candidate,
  assigned_at   timestamptz not null default now(),
  outcome       text check (outcome in ('completed', 'failed')),
  -- The facts that stated the outcome and the rating that it left.
  outcome_id    uuid,
  rating_id     uuid,
  rating        integer check (rating between 0 and 100),
  decided_at    timestamptz,
  unique (task_id, candidate_id),
  check ((outcome is null) = (outcome_id is null) and (outcome is null) = (rating is null))
);
create index assignment_candidate on assignment (candidate_id);

-- Tasks that became too easy, and at which revision.
create table withdrawal (
  task_id      text not null references task,
  revision     bigint not null,
  solved_count integer not null,
  fact_id      uuid not null,
  at           timestamptz not null default now(),
  primary key (task_id, revision)
);
