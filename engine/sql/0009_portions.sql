-- The portions that the run's plan was made with: per cents of the keys, each a step. Its plan is made again with them.
alter table run add column portions integer[] not null default '{}';
