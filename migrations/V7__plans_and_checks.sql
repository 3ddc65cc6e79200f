-- What surveys of Webex found: what a run would do to the rows that are not done (the plan), and whether those that are done
-- still are as they state (the checks). Neither is the state of a row.

-- The last survey of each kind. While it goes on, and after it was stopped, it is not complete.
CREATE TABLE surveys (
    purpose       TEXT PRIMARY KEY CHECK (purpose = 'plan' OR purpose = 'verify'),
    number        INTEGER NOT NULL CHECK (number > 0),
    begun_at      TEXT NOT NULL,
    ended_at      TEXT,
    input_hash    TEXT NOT NULL,
    -- Which rows it is about, in words, and the locations among them as a JSON array; NULL for every location.
    scope         TEXT NOT NULL,
    locations     TEXT CHECK (locations IS NULL OR json_valid(locations)),
    token_ends_at TEXT,
    complete      INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
    requests      INTEGER NOT NULL DEFAULT 0,
    shortfalls    TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(shortfalls)),
    CHECK (complete = 0 OR ended_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- What a run would do to a row. What stops it has the columns that the row would have.
CREATE TABLE planned_rows (
    row_id       INTEGER PRIMARY KEY REFERENCES rows (row_id),
    phase        INTEGER NOT NULL CHECK (phase > 0),
    location_key TEXT NOT NULL,
    effect       TEXT NOT NULL CHECK (effect = 'create' OR effect = 'update' OR effect = 'enable' OR effect = 'assign'
                                      OR effect = 'same' OR effect = 'blocked'),
    writes       INTEGER NOT NULL CHECK (writes >= 0),
    reads        INTEGER NOT NULL CHECK (reads >= 0),
    step         TEXT,
    cause        TEXT,
    message      TEXT,
    http_status  INTEGER,
    tracking_id  TEXT,
    blocked_by   INTEGER REFERENCES rows (row_id)
) STRICT;

-- The writes of a row in the order in which they would be sent, with how many numbers each would add to a location.
CREATE TABLE planned_writes (
    row_id      INTEGER NOT NULL REFERENCES planned_rows (row_id),
    position    INTEGER NOT NULL CHECK (position > 0),
    step        TEXT NOT NULL,
    operation   TEXT NOT NULL,
    words       TEXT NOT NULL,
    numbers     INTEGER NOT NULL CHECK (numbers >= 0),
    differences TEXT NOT NULL CHECK (json_valid(differences)),
    PRIMARY KEY (row_id, position)
) STRICT, WITHOUT ROWID;

-- What the last check of a row that is a success found; `survey` is the number of the survey that made it.
CREATE TABLE checks (
    row_id      INTEGER PRIMARY KEY REFERENCES rows (row_id),
    survey      INTEGER NOT NULL,
    verdict     TEXT NOT NULL CHECK (verdict = 'in_place' OR verdict = 'drifted' OR verdict = 'missing' OR verdict = 'unknown'),
    message     TEXT,
    verified_at TEXT NOT NULL
) STRICT;

CREATE TABLE check_differences (
    row_id   INTEGER NOT NULL REFERENCES checks (row_id),
    position INTEGER NOT NULL CHECK (position > 0),
    field    TEXT NOT NULL,
    expected TEXT NOT NULL,
    found    TEXT NOT NULL,
    PRIMARY KEY (row_id, position)
) STRICT, WITHOUT ROWID;

-- A row that is to be worked again was checked as what it no longer is.
CREATE TRIGGER rows_unchecked AFTER UPDATE OF state ON rows
WHEN old.state = 'success' AND new.state != 'success'
BEGIN
    DELETE FROM check_differences WHERE row_id = old.row_id;
    DELETE FROM checks WHERE row_id = old.row_id;
END;

CREATE VIEW planned AS
SELECT p.row_id,
       p.phase,
       r.entity_type,
       r.entity_key,
       p.location_key,
       p.effect,
       w.position,
       w.step,
       w.operation,
       w.words,
       p.step  AS stopped_at,
       p.cause,
       p.message,
       p.blocked_by
FROM planned_rows p
JOIN rows r USING (row_id)
LEFT JOIN planned_writes w USING (row_id);

CREATE VIEW drift AS
SELECT c.row_id,
       r.entity_type,
       r.entity_key,
       r.location_key,
       d.field,
       d.expected,
       d.found,
       c.verdict,
       c.verified_at
FROM checks c
JOIN rows r USING (row_id)
LEFT JOIN check_differences d USING (row_id)
WHERE c.verdict IN ('drifted', 'missing') AND r.state = 'success';
