-- That a run has found a link drained of a route, with what was counted then. One per link, route and run: a certificate
-- that is issued anew takes the place of the one before it, and the history has the lines of both.
create table certificate (
  link       text not null,
  route      text not null check (route in ('http', 'event')),
  run        bigint not null references run,
  -- The epoch of the link's switch when it was counted: the facts of the route were stated under older ones.
  epoch      bigint not null,
  issued     bigint not null,
  terminal   bigint not null,
  -- The messages of the route that had come late by then: one more is a stray.
  late       bigint not null,
  issued_at  timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  -- Why: a code of words.ts with its parameters, JSON.
  revoked_by text,
  -- When a step was refused because of it: an operator who sets the run going after that has seen why.
  refused_at timestamptz,
  -- Rises with every change, so that watchers see that there is one.
  version    bigint not null default 1,
  primary key (link, route, run)
);
