-- The position in the sender's outbox up to which every fact of a link is terminal here, as the sender has found and told.
-- A receiver that was restored from a backup stands below what it was told since: so its sender knows.
create table compared (
  link   text primary key,
  beyond bigint not null
);
insert into compared (link, beyond) select link, max(position) from receipt group by link;
