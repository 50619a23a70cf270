-- The route of the newest stamp that a link has shown. Null where a build wrote the epoch that kept no route: the next
-- message of that epoch says it.
alter table epoch_seen add column route text check (route in ('http', 'event'));

-- Messages that came by an old route of a link when a newer stamp had shown that the link had left it, and of whose fact
-- nothing was known here. Between a switch and the last fact before it that is the rule; afterwards it is a stray.
create table late_arrival (
  link    text not null,
  route   text not null check (route in ('http', 'event')),
  count   bigint not null,
  -- The last of them.
  fact_id uuid not null,
  epoch   bigint not null,
  at      timestamptz not null,
  primary key (link, route)
);
