-- The table of ratings becomes a copy like the others: with the revision of what it shows, and tombstones.
alter table rating add column revision bigint not null default 1, add column removed boolean not null default false;
alter table rating drop constraint rating_rating_check;
