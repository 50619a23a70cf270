-- Facts that stay open on a link for long (a dead letter, something parked), copied out of the outbox so that they do not
-- keep whole partitions of it. Written before the lane `sweep:<link>` passes them, taken away when they are terminal:
-- every fact of a link is terminal, or beyond the position of that lane, or here.
create table outbox_carried (
  link         text not null,
  position     bigint not null,
  fact_id      uuid not null,
  event        text not null,
  version      integer not null,
  business_key text not null,
  order_key    text not null,
  revision     bigint,
  stamps       jsonb not null,
  publish      boolean not null,
  traceparent  text,
  bytes        text not null,
  created_at   timestamptz not null,
  primary key (link, position)
);
create index outbox_carried_fact on outbox_carried (fact_id);
