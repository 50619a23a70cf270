-- How the facts of a link leave for the log: from the outbox, or direct, from the memory of the process that stated them. A
-- build that knows nothing of it appends all of them, which loses nothing.
alter table switch_link add column delivery text not null default 'outbox' check (delivery in ('outbox', 'direct'));
