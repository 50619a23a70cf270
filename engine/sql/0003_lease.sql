-- Which engine acts: one at a time. The term is its fencing number and follows the clock in milliseconds, so that an
-- engine database that was restored or made anew does not fall behind what the services have seen.
create table engine_lease (
  one    boolean primary key default true check (one),
  holder text,
  term   bigint not null default 0,
  until  timestamptz not null default '-infinity'
);
insert into engine_lease default values;

drop sequence engine_term;
