-- The answer to a writing request that came with an Idempotency-Key, written in the transaction of its effect and kept for
-- a day. What moves facts over links is not here: its business keys hold for ever.
create table idempotency_key (
  -- SHA-256 of caller, operation and key: who called is not kept.
  scope       bytea primary key,
  operation   text not null,
  -- SHA-256 of what was asked: the same key with something else is refused.
  fingerprint bytea not null,
  -- Null only within the transaction that is about to say.
  status      integer,
  headers     text,
  body        text,
  at          timestamptz not null default now()
);
create index idempotency_key_at on idempotency_key (at);
