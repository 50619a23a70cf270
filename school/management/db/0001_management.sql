create table manager (
  manager_id text primary key,
  first_name text not null,
  last_name  text not null,
  account_id text not null unique,
  created_at timestamptz not null default now()
);

create table task (
  task_id    text primary key,
  creator_id text not null references manager,
  title      text not null,
  text       text not null,
  questions  jsonb not null,
  revision   bigint not null default 1,
  -- The fact that stated the creation.
  fact_id    uuid not null,
  created_at timestamptz not null default now(),
  edited_at  timestamptz not null default now()
);
create index task_creator on task (creator_id, task_id);

-- Somebody is to make the task harder. An edit closes what older revisions asked for.
create table rework (
  task_id      text not null references task,
  revision     bigint not null,
  solved_count integer not null,
  manager_id   text not null references manager,
  asked_at     timestamptz not null default now(),
  done_at      timestamptz,
  primary key (task_id, revision)
);
create index rework_open on rework (manager_id) where done_at is null;
