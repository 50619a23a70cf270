-- The fact because of which somebody was appointed, so that a repeat can be told which it repeats. Null in older rows.
alter table rework add column fact_id uuid;
