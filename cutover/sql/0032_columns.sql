-- A value that moves to other columns of its table. How far the filling of rows that were there before has come: one row
-- per change and table. The cursor moves in the transaction that fills the rows.
create table column_fill (
  change     text not null,
  table_name text not null,
  -- The run that asked for it: asking again changes nothing.
  asked_by   text not null,
  state      text not null check (state in ('filling', 'done', 'cancelled')),
  cursor     text,
  -- Rows to be filled when it began; rows that were.
  total      bigint not null,
  filled     bigint not null default 0,
  began_at   timestamptz not null default clock_timestamp(),
  ended_at   timestamptz,
  primary key (change, table_name)
);

-- Who reached for the old column without knowing of the change, and from where in the code.
create table column_use (
  change     text not null,
  table_name text not null,
  who        text not null,
  what       text not null,
  count      bigint not null,
  last_at    timestamptz not null default clock_timestamp(),
  primary key (change, table_name, who, what)
);
