-- The state of a bring-up. Files are views of this; nothing else is state.

CREATE TABLE inputs (
    input_id         INTEGER PRIMARY KEY,
    input_hash       TEXT NOT NULL CHECK (length(input_hash) = 64),
    kind             TEXT NOT NULL CHECK (kind IN ('first', 'amend')),
    path             TEXT NOT NULL,
    delimiter        TEXT NOT NULL,
    encoding         TEXT NOT NULL,
    columns          TEXT NOT NULL CHECK (json_valid(columns)),
    row_count        INTEGER NOT NULL CHECK (row_count >= 0),
    pipeline_version INTEGER NOT NULL,
    ingested_at      TEXT NOT NULL
) STRICT;

-- The Webex that this database speaks to: written by the first preflight that passes, never changed.
CREATE TABLE binding (
    only_one    INTEGER PRIMARY KEY CHECK (only_one = 1),
    base_url    TEXT NOT NULL,
    org_id      TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('lab', 'prod')),
    bound_at    TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    run_id     INTEGER PRIMARY KEY,
    settings   TEXT NOT NULL CHECK (json_valid(settings)),
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    ended_by   TEXT,
    recovered  INTEGER NOT NULL DEFAULT 0,
    requests   INTEGER NOT NULL DEFAULT 0,
    refused    INTEGER NOT NULL DEFAULT 0,
    -- The last outcome of the runs before: those of this one follow it.
    outcomes_before INTEGER NOT NULL DEFAULT 0,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;

-- What the last run learnt of the limit that Webex sets, in requests a second; NULL while it met none. A run that begins
-- within the hour starts with it.
CREATE TABLE pace (
    only_one      INTEGER PRIMARY KEY CHECK (only_one = 1),
    per_second    REAL CHECK (per_second > 0),
    requests      INTEGER NOT NULL,
    refused       INTEGER NOT NULL,
    waiting_until TEXT,
    updated_at    TEXT NOT NULL
) STRICT;

CREATE TABLE batches (
    phase        INTEGER NOT NULL CHECK (phase BETWEEN 1 AND 3),
    number       INTEGER NOT NULL CHECK (number > 0),
    run_id       INTEGER NOT NULL REFERENCES runs (run_id),
    claimed_at   TEXT NOT NULL,
    completed_at TEXT,
    PRIMARY KEY (phase, number)
) STRICT, WITHOUT ROWID;

-- Checks on every write compare with = and OR: SQLite builds a table for an IN of more than two values, each time.
CREATE TABLE rows (
    row_id       INTEGER PRIMARY KEY CHECK (row_id > 0),
    input_id     INTEGER NOT NULL REFERENCES inputs (input_id),
    line         INTEGER NOT NULL,
    entity_type  TEXT CHECK (entity_type = 'location' OR entity_type = 'user' OR entity_type = 'extension_assignment'),
    phase        INTEGER CHECK (phase BETWEEN 1 AND 3),
    entity_key   TEXT,
    location_key TEXT,
    row_ref      TEXT,
    email        TEXT,
    raw          TEXT NOT NULL,
    cells        TEXT,
    row_sha256   BLOB NOT NULL CHECK (length(row_sha256) = 32),
    state        TEXT NOT NULL
        CHECK (state = 'ready' OR state = 'running' OR state = 'success' OR state = 'pending' OR state = 'rejected'),
    attempt      INTEGER NOT NULL DEFAULT 0,
    -- Attempts up to this one were made for what the row was before it was amended; their writes are not this row's.
    since_attempt INTEGER NOT NULL DEFAULT 0 CHECK (since_attempt <= attempt),
    batch        INTEGER,
    step         TEXT,
    reason       TEXT,
    cause        TEXT,
    message      TEXT,
    http_status  INTEGER,
    tracking_id  TEXT,
    remote_id    TEXT,
    blocked_by   INTEGER REFERENCES rows (row_id),
    updated_at   TEXT NOT NULL,
    FOREIGN KEY (phase, batch) REFERENCES batches (phase, number),
    CHECK (state = 'rejected' OR (phase IS NOT NULL AND entity_type IS NOT NULL AND entity_key IS NOT NULL AND cells IS NOT NULL)),
    CHECK (state IN ('pending', 'rejected') OR (reason IS NULL AND cause IS NULL AND blocked_by IS NULL)),
    CHECK (state != 'rejected' OR (reason IS NOT NULL AND reason IN ('invalid_input_schema', 'duplicate_key', 'out_of_scope'))),
    CHECK (state != 'pending' OR (step IS NOT NULL AND reason IS NOT NULL AND cause IS NOT NULL AND reason IN (
        'out_of_scope', 'non_retryable_external', 'permission_denied', 'auth_invalid', 'retry_exhausted', 'invalid_response_schema',
        'half_applied', 'unhandled_exception', 'user_not_found', 'precondition_missing') AND cause IN (
        'out_of_scope', 'non_retryable_external', 'permission_denied', 'auth_invalid', 'retry_exhausted', 'invalid_response_schema',
        'unhandled_exception', 'user_not_found', 'precondition_missing'))),
    CHECK (state != 'success' OR (step IS NOT NULL AND remote_id IS NOT NULL)),
    CHECK (state = 'ready' OR state = 'rejected' OR batch IS NOT NULL)
) STRICT;

-- What claims read: recovered rows (their old batch number kept) and fresh ones (no batch), in row order.
CREATE INDEX claimable ON rows (phase, batch, row_id) WHERE state = 'ready';
CREATE INDEX unfinished ON rows (phase, row_id) WHERE state IN ('ready', 'running');
-- The people of one location, whose extensions are asked about together.
CREATE INDEX users_by_location ON rows (location_key) WHERE phase = 2;
-- What an amended file asks for: rejected rows have no keys.
CREATE INDEX rejected_by_key ON rows (entity_key) WHERE state = 'rejected';
CREATE INDEX rejected_by_ref ON rows (row_ref) WHERE state = 'rejected';
CREATE INDEX rejected_by_seal ON rows (row_sha256) WHERE state = 'rejected';

-- What `reasons` groups: only rows that wait for the operator are in it.
CREATE INDEX troubled ON rows (state, phase, reason, cause) WHERE state IN ('pending', 'rejected');

-- How many rows stand where, so that progress is told without reading the rows: the statement that enters a row counts it
-- (a trigger on inserts would make SQLite copy pages aside for every row of a file), each move is counted by the trigger
-- below. A row without a location or a phase, which only a rejected one can be, counts under '' and 0.
CREATE TABLE counts (
    location_key TEXT NOT NULL,
    phase        INTEGER NOT NULL,
    state        TEXT NOT NULL,
    rows         INTEGER NOT NULL CHECK (rows >= 0),
    PRIMARY KEY (location_key, phase, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER rows_counted AFTER UPDATE OF state, phase, location_key ON rows
WHEN old.state IS NOT new.state OR old.phase IS NOT new.phase OR old.location_key IS NOT new.location_key
BEGIN
    UPDATE counts SET rows = rows - 1
    WHERE location_key = coalesce(old.location_key, '') AND phase = coalesce(old.phase, 0) AND state = old.state;
    INSERT INTO counts (location_key, phase, state, rows)
    VALUES (coalesce(new.location_key, ''), coalesce(new.phase, 0), new.state, 1)
    ON CONFLICT DO UPDATE SET rows = rows + 1;
END;

-- The only moves a row can make. Who makes each: running <- claim; success, pending <- settle; ready <- recovery,
-- drain, requeue, amend, and the run for a row whose wait for another row is over; rejected <- amend.
CREATE TRIGGER rows_move BEFORE UPDATE OF state ON rows
WHEN NOT (
    (old.state = 'ready' AND new.state = 'running')
    OR (old.state = 'running' AND (new.state = 'success' OR new.state = 'pending' OR new.state = 'ready'))
    OR ((old.state = 'pending' OR old.state = 'success' OR old.state = 'rejected') AND new.state = 'ready')
    OR (old.state = 'rejected' AND new.state = 'rejected')
)
BEGIN
    SELECT RAISE(ABORT, 'a row cannot move between these states');
END;

CREATE TRIGGER rows_stay BEFORE DELETE ON rows
BEGIN
    SELECT RAISE(ABORT, 'rows are never deleted');
END;

-- Keys that must be unique within the input (design R13), and the aliases by which rows refer to locations. A key is
-- taken before its row is written: a reference to rows would make SQLite look through all keys at each row.
CREATE TABLE keys (
    scope  TEXT NOT NULL,
    value  TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    PRIMARY KEY (scope, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    row_id   INTEGER NOT NULL REFERENCES rows (row_id),
    attempt  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    step     TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state = 'applied' OR state = 'unchanged' OR state = 'failed'),
    proof    TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (row_id, attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER steps_stay BEFORE UPDATE ON steps
BEGIN
    SELECT RAISE(ABORT, 'a step that is recorded is not changed');
END;

CREATE TRIGGER steps_kept BEFORE DELETE ON steps
BEGIN
    SELECT RAISE(ABORT, 'steps are never deleted');
END;

-- One line a request. For a write the line is committed before it is sent, with applied unknown (NULL).
CREATE TABLE calls (
    call_id     INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES runs (run_id),
    row_id      INTEGER REFERENCES rows (row_id),
    attempt     INTEGER,
    step        TEXT,
    operation   TEXT NOT NULL,
    feature     TEXT,
    mutating    INTEGER NOT NULL CHECK (mutating IN (0, 1)),
    applied     INTEGER CHECK (applied IN (0, 1)),
    tries       INTEGER NOT NULL DEFAULT 0,
    status      INTEGER,
    tracking_id TEXT,
    error       TEXT,
    remote_id   TEXT,
    intent_at   TEXT NOT NULL,
    answered_at TEXT
) STRICT;

CREATE INDEX calls_by_row ON calls (row_id);

-- Every end a row ever had.
CREATE TABLE outcomes (
    outcome_id  INTEGER PRIMARY KEY,
    row_id      INTEGER NOT NULL REFERENCES rows (row_id),
    attempt     INTEGER NOT NULL,
    run_id      INTEGER NOT NULL REFERENCES runs (run_id),
    phase       INTEGER NOT NULL,
    batch       INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('success', 'pending')),
    step        TEXT NOT NULL,
    reason      TEXT,
    cause       TEXT,
    message     TEXT NOT NULL,
    http_status INTEGER,
    tracking_id TEXT,
    remote_id   TEXT,
    at          TEXT NOT NULL,
    UNIQUE (row_id, attempt)
) STRICT;

CREATE TRIGGER outcomes_stay BEFORE UPDATE ON outcomes
BEGIN
    SELECT RAISE(ABORT, 'an outcome that is recorded is not changed');
END;

CREATE TRIGGER outcomes_kept BEFORE DELETE ON outcomes
BEGIN
    SELECT RAISE(ABORT, 'outcomes are never deleted');
END;

-- What bulk reads of Webex saw. Each reading of the lists has its number, and serves nobody before it is complete.
CREATE TABLE seen_locations (
    reading         INTEGER NOT NULL,
    remote_id       TEXT NOT NULL,
    folded_name     TEXT NOT NULL,
    tag             TEXT,
    calling_enabled INTEGER NOT NULL DEFAULT 0 CHECK (calling_enabled IN (0, 1)),
    body            TEXT NOT NULL,
    PRIMARY KEY (reading, remote_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_locations_by_name ON seen_locations (reading, folded_name);
CREATE INDEX seen_locations_by_tag ON seen_locations (reading, tag) WHERE tag IS NOT NULL;

-- Only people whom the input names: its size is that of the file, not that of the organisation.
CREATE TABLE seen_people (
    reading   INTEGER NOT NULL,
    email     TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    kind      TEXT NOT NULL,
    licenses  TEXT NOT NULL CHECK (json_valid(licenses)),
    PRIMARY KEY (reading, email, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen_numbers (
    entry_id      INTEGER PRIMARY KEY,
    reading       INTEGER NOT NULL,
    number        TEXT,
    extension     TEXT,
    location      TEXT,
    location_name TEXT NOT NULL,
    owned         INTEGER NOT NULL CHECK (owned IN (0, 1)),
    owner_id      TEXT,
    owner_kind    TEXT NOT NULL,
    owner_name    TEXT NOT NULL
) STRICT;

CREATE INDEX seen_numbers_by_extension ON seen_numbers (reading, location, extension) WHERE extension IS NOT NULL;
CREATE INDEX seen_numbers_by_number ON seen_numbers (reading, number) WHERE number IS NOT NULL;
CREATE INDEX seen_numbers_by_owner ON seen_numbers (reading, owner_id) WHERE owner_id IS NOT NULL;

-- How long the lists of this Webex were when they were last read: tells whether they are worth reading again.
CREATE TABLE lists (
    name     TEXT PRIMARY KEY,
    pages    INTEGER NOT NULL CHECK (pages >= 0),
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
    read_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The files as wxbulk last wrote them: the intended hash is stored before the rename.
CREATE TABLE files (
    name       TEXT PRIMARY KEY,
    sha256     TEXT NOT NULL CHECK (length(sha256) = 64),
    previous   TEXT,
    written_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hints (
    state  TEXT NOT NULL CHECK (state IN ('pending', 'rejected')),
    reason TEXT NOT NULL,
    hint   TEXT NOT NULL,
    PRIMARY KEY (state, reason)
) STRICT, WITHOUT ROWID;
