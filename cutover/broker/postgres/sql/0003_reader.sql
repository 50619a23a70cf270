-- How far readers say that they have come. It decides nothing (positions are kept where the effects are); it lets retention
-- say whose unread records it takes. Rows of readers that are silent for as long as records are kept go.
create table reader (
  partition_id bigint not null references topic_partition on delete cascade,
  reader       text not null,
  -- The next offset to read.
  "offset"     bigint not null,
  noted_at     timestamptz not null default clock_timestamp(),
  primary key (partition_id, reader)
);
