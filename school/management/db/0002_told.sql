-- Whole state is told with a revision, which rises with every change.
alter table manager add column revision bigint not null default 1;
-- A task that its author took back. The row stays as its tombstone: nothing older may bring it back to whoever keeps a copy.
alter table task add column removed boolean not null default false;
