alter table candidate add column revision bigint not null default 1;
-- Its author took it back: it is given to nobody any more. Who has it may still answer.
alter table task add column gone boolean not null default false;
-- The rating as of an outcome is asked for by the outcome.
create unique index assignment_outcome on assignment (outcome_id) where outcome_id is not null;
