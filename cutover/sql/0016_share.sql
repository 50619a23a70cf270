-- Per cent of the business keys that the route carries; the other route carries the rest, by the bucket of the key.
alter table switch_link add column share integer not null default 100 check (share between 1 and 100);
