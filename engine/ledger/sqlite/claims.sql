-- Layout 3: values of pools that steps have claimed for good, such as licence keys.
CREATE TABLE claims (
  id    INTEGER PRIMARY KEY,
  pool  TEXT    NOT NULL,
  key   TEXT    NOT NULL,             -- of the step
  mark  BLOB    NOT NULL,             -- of the value: the same for the same one
  value BLOB    NOT NULL,
  n     INTEGER NOT NULL,             -- the how-manieth of its pool, from 1
  UNIQUE (pool, key),
  UNIQUE (pool, mark),
  UNIQUE (pool, n)
) STRICT;
