-- Layout 2: how an event came, and what is remembered of a store beside its events.
ALTER TABLE events ADD COLUMN marks INTEGER NOT NULL DEFAULT 0; -- bits, as form.Marks gives them

CREATE TABLE memos (
  id      INTEGER PRIMARY KEY,
  place   INTEGER NOT NULL,
  name    TEXT    NOT NULL,
  value   BLOB    NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (place, name)
) STRICT;
CREATE INDEX memos_name ON memos (name, updated);
