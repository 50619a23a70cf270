-- Which database each service uses, as the engine has known it first: one that tells another is of another environment, or
-- its database was made anew. A person confirms that by raising the epoch.
create table service_database (
  service  text primary key,
  database text not null,
  seen_at  timestamptz not null default now()
);
