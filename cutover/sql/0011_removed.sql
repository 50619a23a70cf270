-- A fact that says that its entity is gone: readers keep a tombstone with its revision, so that nothing older brings it back.
alter table outbox add column removed boolean not null default false;
alter table outbox_carried add column removed boolean not null default false;
