PRAGMA user_version = 1;

CREATE TABLE journal (
  seq        INTEGER PRIMARY KEY,          -- strictly increasing over all units
  unit_id    TEXT    NOT NULL,             -- '' is the supervisor; no foreign key: history outlives its unit
  aseq       INTEGER NOT NULL CHECK (aseq >= 1), -- the unit's own count, without gaps
  at_ms      REAL    NOT NULL,             -- wall clock, for people
  mono_ms    REAL    NOT NULL,             -- since boot, for measuring
  cause      INTEGER CHECK (cause < seq),  -- seq of the entry that led here; NULL: it came from outside
  event      TEXT    NOT NULL CHECK (json_valid(event)),
  value      TEXT    NOT NULL CHECK (json_valid(value)),    -- the state after the event
  patch      TEXT    NOT NULL CHECK (json_valid(patch)),    -- context keys that changed, with their new values
  commands   TEXT    NOT NULL CHECK (json_valid(commands)), -- what the event caused
  version    INTEGER NOT NULL,             -- of the machine that decided
  definition TEXT    NOT NULL,             -- its hash: machines.definition
  state_hash TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX journal_by_unit ON journal (unit_id, aseq);

CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'a journal entry is never changed'); END;

CREATE TRIGGER journal_keeps_its_newest BEFORE DELETE ON journal
WHEN OLD.seq = (SELECT max(seq) FROM journal)
BEGIN SELECT RAISE(ABORT, 'the newest journal entry is never deleted: its seq must not be used again'); END;

CREATE TABLE units (
  place      INTEGER PRIMARY KEY AUTOINCREMENT, -- never given again: a unit that is replaced returns to its own
  id         TEXT    NOT NULL UNIQUE CHECK (id <> ''),
  kind       TEXT    NOT NULL CHECK (kind IN ('server', 'job', 'watcher')),
  epoch      TEXT    NOT NULL,
  spec       TEXT    NOT NULL CHECK (json_valid(spec)),
  added_ms   REAL    NOT NULL,
  first_aseq INTEGER NOT NULL CHECK (first_aseq >= 1) -- entries below belong to a removed unit of the same id
) STRICT;

CREATE TABLE snapshots (
  seq        INTEGER PRIMARY KEY,          -- the entry whose state this is
  unit_id    TEXT    NOT NULL,
  aseq       INTEGER NOT NULL CHECK (aseq >= 1),
  version    INTEGER NOT NULL,
  definition TEXT    NOT NULL,
  state_hash TEXT    NOT NULL,
  value      TEXT    NOT NULL CHECK (json_valid(value)),
  context    TEXT    NOT NULL CHECK (json_valid(context)),
  base       INTEGER NOT NULL DEFAULT 0 CHECK (base IN (0, 1)) -- 1: retention made it, and only retention replaces it
) STRICT;

CREATE INDEX snapshots_by_unit ON snapshots (unit_id);

CREATE TABLE timers (
  unit_id     TEXT    NOT NULL REFERENCES units (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  timer       TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  boot_id     TEXT    NOT NULL,
  due_mono_ms REAL    NOT NULL,            -- holds within this boot
  due_wall_ms REAL    NOT NULL,            -- for another boot, where monotonic time means nothing
  length_ms   REAL    NOT NULL CHECK (length_ms >= 0),
  restore     TEXT    NOT NULL CHECK (restore IN ('absolute', 'restart')),
  PRIMARY KEY (unit_id, timer)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  seq     INTEGER NOT NULL,                -- the entry that caused it, and which of its commands it is
  idx     INTEGER NOT NULL CHECK (idx >= 0),
  unit_id TEXT    NOT NULL REFERENCES units (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  command TEXT    NOT NULL CHECK (json_valid(command)),
  PRIMARY KEY (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_by_unit ON outbox (unit_id);

CREATE TABLE runs (
  run_id      TEXT    PRIMARY KEY,
  unit_id     TEXT    NOT NULL,            -- no foreign key: a result outlives its unit
  generation  INTEGER NOT NULL CHECK (generation >= 0),
  ordered_seq INTEGER NOT NULL,            -- the entry that ordered the launch
  ordered_ms  REAL    NOT NULL,
  handle      TEXT    CHECK (json_valid(handle)),
  started_ms  REAL    CHECK ((started_ms IS NULL) = (handle IS NULL)),
  outcome     TEXT    CHECK (json_valid(outcome))
) STRICT;

CREATE INDEX runs_by_unit ON runs (unit_id, ordered_seq);

CREATE INDEX runs_by_order ON runs (ordered_seq);

CREATE INDEX runs_open ON runs (ordered_seq) WHERE outcome IS NULL;

CREATE TRIGGER runs_end_once BEFORE UPDATE OF outcome ON runs WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a run has exactly one outcome'); END;

CREATE TABLE machines (
  definition TEXT    PRIMARY KEY,
  machine    TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  graph      TEXT    NOT NULL CHECK (json_valid(graph))
) STRICT;

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
