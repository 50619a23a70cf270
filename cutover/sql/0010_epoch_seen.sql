-- The highest epoch of the sender that a stamp on a link has shown here. It is told back, because the sender's database
-- may have been restored from a backup that is older than what it has said. Written when it rises, not per message.
create table epoch_seen (
  link  text primary key,
  epoch bigint not null
);

-- The highest epoch of this database that a peer has told back while the epoch stood below it: 0 in a database that never
-- was restored. Below it nothing is appended; an operator raises the epoch.
alter table switch_epoch add column seen bigint not null default 0;
