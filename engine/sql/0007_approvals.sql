-- That somebody else agrees to what cannot be undone: bound to a run and to its plan's hash, for a time. One row per
-- person; who approves again after the time gets another.
create table approval (
  run   bigint not null references run,
  who   text not null,
  hash  text not null,
  at    timestamptz not null,
  until timestamptz not null,
  primary key (run, who)
);

-- Who ordered the run past its point of no return: that person's approval does not count.
alter table run add column completer text;
