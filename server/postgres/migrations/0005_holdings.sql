-- Which team has shown that it possesses which bytes: by uploading them. Knowing a hash is not enough
-- to read another team's artifact.

create table blob_holders (
  team    text        not null,
  sha256  text        not null,
  held_at timestamptz not null default now(),
  primary key (team, sha256)
);
