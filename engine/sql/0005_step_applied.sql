-- When a verb had been carried out and its gate began to be looked at: what lies after it is waiting, not work.
alter table run_step add column applied_at timestamptz;
