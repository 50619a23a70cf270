-- Refuses a row whose old column is written by somebody who does not fill the new one, which is named. A constraint would
-- refuse every change of a row that is not filled yet as well.
create function column_guard() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) ->> tg_argv[0] is null then
    raise exception 'the columns of "%" change: "%" is to be written as well, and % did not', tg_table_name, tg_argv[0], current_setting('application_name')
      using errcode = '23514';
  end if;
  return new;
end $$;

-- Filling goes forward, from the old column to the new ones, or back, where the new ones alone were written.
alter table column_fill add column direction text not null default 'forward' check (direction in ('forward', 'back'));
