-- Layout 1. Times are microseconds since 1970, UTC. Codes of states are in form/code.go.
CREATE TABLE places (                 -- a store of a source, as a small number
  id     INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  store  TEXT NOT NULL,
  UNIQUE (source, store)
) STRICT;

CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE outlets (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE revisions (
  id        INTEGER PRIMARY KEY,
  hash      TEXT NOT NULL UNIQUE,
  directory TEXT NOT NULL,
  name      TEXT NOT NULL,
  text      TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  seq      INTEGER PRIMARY KEY,
  place    INTEGER NOT NULL,
  type     INTEGER NOT NULL,
  state    INTEGER NOT NULL,
  id       TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  created  INTEGER NOT NULL,
  received INTEGER NOT NULL,
  due      INTEGER,                   -- of a pending event
  tries    INTEGER NOT NULL DEFAULT 0,
  gone     INTEGER NOT NULL DEFAULT 0,
  replay   INTEGER NOT NULL DEFAULT 0,
  prev     INTEGER NOT NULL DEFAULT 0,
  data_at  INTEGER NOT NULL DEFAULT -1, -- where the claim stands in body; -1: in data
  data_len INTEGER NOT NULL DEFAULT 0,
  note     TEXT    NOT NULL DEFAULT '',
  body     BLOB,
  data     BLOB,
  entity   BLOB
) STRICT;
CREATE UNIQUE INDEX events_id ON events (place, id) WHERE state <> 5;
CREATE INDEX events_subject ON events (place, subject);
CREATE INDEX events_type ON events (type);
CREATE INDEX events_state ON events (state) WHERE state <> 3;
CREATE INDEX events_due ON events (place, due) WHERE state = 1;
CREATE INDEX events_pending ON events (place, subject, due) WHERE state = 1;

CREATE TABLE snapshots (
  place   INTEGER NOT NULL,
  subject TEXT    NOT NULL,
  seq     INTEGER NOT NULL,           -- the event whose entity it is
  PRIMARY KEY (place, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id       INTEGER PRIMARY KEY,
  event    INTEGER NOT NULL,
  place    INTEGER NOT NULL,
  rule     INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  item     INTEGER NOT NULL,
  replay   INTEGER NOT NULL,
  state    INTEGER NOT NULL,
  outlet   INTEGER NOT NULL,
  step     INTEGER NOT NULL,
  tries    INTEGER NOT NULL,
  due      INTEGER,                   -- of a due run
  created  INTEGER NOT NULL,
  updated  INTEGER NOT NULL,
  steps    BLOB    NOT NULL           -- JSON
) STRICT;
CREATE UNIQUE INDEX runs_event ON runs (event, rule, item, replay);
CREATE INDEX runs_rule ON runs (rule);
CREATE INDEX runs_state ON runs (state) WHERE state <> 3;
CREATE INDEX runs_due ON runs (outlet, due) WHERE state = 1;

CREATE TABLE counts (
  day   INTEGER NOT NULL,             -- days since 1970, UTC
  place INTEGER NOT NULL,
  what  TEXT    NOT NULL,
  n     INTEGER NOT NULL,
  PRIMARY KEY (day, place, what)
) STRICT, WITHOUT ROWID;
