-- A task ends once for a candidate: booked as completed or as failed, never as both, whatever hiring may say.
create unique index ledger_outcome on ledger (task_id, candidate_id) where candidate_id is not null and reverses is null;
