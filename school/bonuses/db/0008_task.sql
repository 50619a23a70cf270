-- The titles of tasks, as COMM-080 told them, for statements. Tasks from before have none here.
create table task (
  task_id text primary key,
  title   text not null
);
