-- Rows that shall not be worked, the mark of a job in its files, and one table of reason codes in place of lists.
--
-- A CHECK cannot be changed: the two tables are made anew, with everything that names them. The connection that migrates
-- has foreign keys off, else dropping a table would be deleting its rows.

DROP VIEW results;
DROP VIEW pending_rows;
DROP VIEW rejected_rows;
DROP VIEW ready_to_load;
DROP VIEW checkpoint;
DROP VIEW progress;
DROP VIEW sites;
DROP VIEW reasons;
DROP VIEW history;
DROP VIEW steps_of_row;
DROP VIEW calls_of_row;
DROP TABLE hints;

-- The mark that the files of this job carry, so that those of another are told apart. It begins with a letter: a
-- spreadsheet takes digits with an e in them for a number.
CREATE TABLE job (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    mark     TEXT NOT NULL
) STRICT;

INSERT INTO job (only_one, mark) VALUES (1, 'j' || lower(hex(randomblob(4))));

-- The closed lists of reasons, by the state that has them; what to do about each is filled in by the program.
CREATE TABLE reason_codes (
    state  TEXT NOT NULL CHECK (state IN ('pending', 'rejected')),
    reason TEXT NOT NULL,
    hint   TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (state, reason)
) STRICT, WITHOUT ROWID;

INSERT INTO reason_codes (state, reason) VALUES
    ('rejected', 'invalid_input_schema'), ('rejected', 'duplicate_key'), ('rejected', 'out_of_scope'),
    ('pending', 'out_of_scope'), ('pending', 'non_retryable_external'), ('pending', 'permission_denied'),
    ('pending', 'auth_invalid'), ('pending', 'retry_exhausted'), ('pending', 'invalid_response_schema'),
    ('pending', 'half_applied'), ('pending', 'unhandled_exception'), ('pending', 'user_not_found'),
    ('pending', 'precondition_missing');

-- Keys that rows once had by derivation: a file that was written before such a key changed still states it, and nobody
-- chose it.
CREATE TABLE derived_keys (
    row_id     INTEGER NOT NULL REFERENCES rows (row_id),
    entity_key TEXT NOT NULL,
    PRIMARY KEY (row_id, entity_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches_anew (
    phase        INTEGER NOT NULL CHECK (phase > 0),
    number       INTEGER NOT NULL CHECK (number > 0),
    run_id       INTEGER NOT NULL REFERENCES runs (run_id),
    claimed_at   TEXT NOT NULL,
    completed_at TEXT,
    PRIMARY KEY (phase, number)
) STRICT, WITHOUT ROWID;

INSERT INTO batches_anew SELECT phase, number, run_id, claimed_at, completed_at FROM batches;
DROP TABLE batches;
ALTER TABLE batches_anew RENAME TO batches;

-- Checks on every write compare with = and OR: SQLite builds a table for an IN of more than two values, each time.
-- Which reasons a state may have is a reference: it is looked up only where there is one.
CREATE TABLE rows_anew (
    row_id       INTEGER PRIMARY KEY CHECK (row_id > 0),
    input_id     INTEGER NOT NULL REFERENCES inputs (input_id),
    line         INTEGER NOT NULL,
    entity_type  TEXT CHECK (entity_type = 'location' OR entity_type = 'user' OR entity_type = 'extension_assignment'),
    phase        INTEGER CHECK (phase > 0),
    entity_key   TEXT,
    location_key TEXT,
    row_ref      TEXT,
    email        TEXT,
    raw          TEXT NOT NULL,
    cells        TEXT,
    row_sha256   BLOB NOT NULL CHECK (length(row_sha256) = 32),
    state        TEXT NOT NULL CHECK (state = 'ready' OR state = 'running' OR state = 'success' OR state = 'pending'
                                      OR state = 'rejected' OR state = 'dropped'),
    attempt      INTEGER NOT NULL DEFAULT 0,
    -- Attempts up to this one were made for what the row was before it was amended; their writes are not this row's.
    since_attempt INTEGER NOT NULL DEFAULT 0 CHECK (since_attempt <= attempt),
    batch        INTEGER,
    step         TEXT,
    reason       TEXT,
    cause        TEXT CHECK (cause != 'half_applied'),
    message      TEXT,
    http_status  INTEGER,
    tracking_id  TEXT,
    remote_id    TEXT,
    blocked_by   INTEGER REFERENCES rows (row_id),
    updated_at   TEXT NOT NULL,
    FOREIGN KEY (phase, batch) REFERENCES batches (phase, number),
    FOREIGN KEY (state, reason) REFERENCES reason_codes (state, reason),
    FOREIGN KEY (state, cause) REFERENCES reason_codes (state, reason),
    -- A rejected row that is dropped still lacks what it lacked.
    CHECK (state = 'rejected' OR state = 'dropped'
           OR (phase IS NOT NULL AND entity_type IS NOT NULL AND entity_key IS NOT NULL AND cells IS NOT NULL)),
    CHECK (state = 'pending' OR state = 'rejected' OR (reason IS NULL AND cause IS NULL AND blocked_by IS NULL)),
    CHECK (state != 'rejected' OR (reason IS NOT NULL AND cause IS NULL)),
    CHECK (state != 'pending' OR (step IS NOT NULL AND reason IS NOT NULL AND cause IS NOT NULL)),
    CHECK (state != 'success' OR (step IS NOT NULL AND remote_id IS NOT NULL)),
    CHECK (state = 'ready' OR state = 'rejected' OR state = 'dropped' OR batch IS NOT NULL)
) STRICT;

INSERT INTO rows_anew (row_id, input_id, line, entity_type, phase, entity_key, location_key, row_ref, email, raw, cells,
                       row_sha256, state, attempt, since_attempt, batch, step, reason, cause, message, http_status,
                       tracking_id, remote_id, blocked_by, updated_at)
SELECT row_id, input_id, line, entity_type, phase, entity_key, location_key, row_ref, email, raw, cells,
       row_sha256, state, attempt, since_attempt, batch, step, reason, cause, message, http_status,
       tracking_id, remote_id, blocked_by, updated_at
FROM rows;
DROP TABLE rows;
ALTER TABLE rows_anew RENAME TO rows;

-- What claims read: recovered rows (their old batch number kept) and fresh ones (no batch), in row order.
CREATE INDEX claimable ON rows (phase, batch, row_id) WHERE state = 'ready';
CREATE INDEX unfinished ON rows (phase, row_id) WHERE state IN ('ready', 'running');
-- The people of one location, whose extensions are asked about together.
CREATE INDEX users_by_location ON rows (location_key) WHERE phase = 2;
-- What an amended file asks for: neither rejected nor dropped rows have keys.
CREATE INDEX keyless_by_key ON rows (entity_key) WHERE state IN ('rejected', 'dropped');
CREATE INDEX keyless_by_email ON rows (lower(trim(json_extract(raw, '$.email')))) WHERE state IN ('rejected', 'dropped');
CREATE INDEX keyless_by_ref ON rows (row_ref) WHERE state IN ('rejected', 'dropped');
CREATE INDEX keyless_by_seal ON rows (row_sha256) WHERE state IN ('rejected', 'dropped');
-- What a row asks for that refers to one without keys: people by their address, locations, which have none, by their key.
CREATE INDEX dropped ON rows (email, location_key) WHERE state = 'dropped';
-- What `reasons` groups: only rows that wait for the operator are in it.
CREATE INDEX troubled ON rows (state, phase, reason, cause) WHERE state IN ('pending', 'rejected');

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
-- drain, requeue, amend, and the run for a row whose wait for another row is over; rejected <- amend; dropped <- drop.
CREATE TRIGGER rows_move BEFORE UPDATE OF state ON rows
WHEN NOT (
    (old.state = 'ready' AND new.state = 'running')
    OR (old.state = 'running' AND (new.state = 'success' OR new.state = 'pending' OR new.state = 'ready'))
    OR ((old.state = 'pending' OR old.state = 'success' OR old.state = 'rejected') AND new.state = 'ready')
    OR (old.state = 'rejected' AND new.state = 'rejected')
    OR ((old.state = 'ready' OR old.state = 'pending' OR old.state = 'rejected') AND new.state = 'dropped')
    OR (old.state = 'dropped' AND new.state = 'ready')
)
BEGIN
    SELECT RAISE(ABORT, 'a row cannot move between these states');
END;

CREATE TRIGGER rows_stay BEFORE DELETE ON rows
BEGIN
    SELECT RAISE(ABORT, 'rows are never deleted');
END;

CREATE TRIGGER rows_renamed AFTER UPDATE OF entity_key ON rows
WHEN old.entity_key IS NOT new.entity_key AND old.entity_key IS NOT NULL AND json_extract(old.raw, '$.entity_key') IS NULL
BEGIN
    INSERT INTO derived_keys (row_id, entity_key) VALUES (old.row_id, old.entity_key) ON CONFLICT DO NOTHING;
END;

-- The documented views (docs/sql.md), but `throughput`, which stands. Dropped rows are no part of the job any more: only
-- `results` tells of them, and `progress` how many they are.

CREATE VIEW results AS
SELECT r.updated_at                                 AS timestamp,
       CASE WHEN r.batch > 0 THEN printf('p%d-b%04d', r.phase, r.batch) END AS batch_id,
       r.row_id,
       r.phase,
       r.entity_type,
       r.entity_key,
       r.step,
       r.state                                      AS status,
       r.http_status,
       r.message,
       r.remote_id,
       r.row_ref,
       r.location_key,
       r.reason                                     AS reason_code,
       r.cause,
       h.hint,
       r.tracking_id,
       r.blocked_by
FROM rows r
LEFT JOIN reason_codes h ON h.state = r.state AND h.reason = r.cause
WHERE r.state = 'success' OR r.state = 'pending' OR r.state = 'dropped';

CREATE VIEW pending_rows AS
SELECT r.updated_at                                 AS timestamp,
       printf('p%d-b%04d', r.phase, r.batch)        AS batch_id,
       r.row_id,
       r.phase,
       r.entity_type,
       r.entity_key,
       r.step,
       r.reason                                     AS reason_code,
       r.message                                    AS reason_message,
       r.http_status,
       r.raw                                        AS raw_row_minified,
       r.row_ref,
       r.line,
       r.cause,
       h.hint,
       r.tracking_id,
       r.blocked_by,
       r.remote_id,
       (SELECT mark FROM job)                       AS job
FROM rows r
LEFT JOIN reason_codes h ON h.state = r.state AND h.reason = r.cause
WHERE r.state = 'pending';

CREATE VIEW rejected_rows AS
SELECT r.updated_at AS timestamp,
       r.row_id,
       r.entity_type,
       r.entity_key,
       r.reason     AS reason_code,
       r.message    AS reason_message,
       r.raw        AS raw_row_minified,
       r.row_ref,
       r.line,
       h.hint,
       (SELECT mark FROM job) AS job
FROM rows r
LEFT JOIN reason_codes h ON h.state = r.state AND h.reason = r.reason
WHERE r.state = 'rejected';

CREATE VIEW ready_to_load AS
SELECT row_id, line, phase, entity_type, entity_key, location_key, row_ref, state, cells
FROM rows
WHERE state NOT IN ('rejected', 'dropped');

CREATE VIEW checkpoint AS
WITH open_phase AS (
    SELECT min(phase) AS phase FROM rows WHERE state IN ('ready', 'running')
), at AS (
    SELECT coalesce((SELECT phase FROM open_phase), 3) AS phase
), first_open AS (
    SELECT min(row_id) AS row_id FROM rows WHERE state IN ('ready', 'running') AND phase = (SELECT phase FROM at)
)
SELECT i.pipeline_version,
       i.input_hash,
       at.phase,
       coalesce((SELECT max(r.row_id) FROM rows r
                 WHERE r.phase = at.phase AND r.state NOT IN ('rejected', 'dropped')
                   AND r.row_id < coalesce((SELECT row_id FROM first_open), 9223372036854775807)), 0) AS last_row_id,
       coalesce((SELECT started_at FROM runs ORDER BY run_id LIMIT 1), i.ingested_at)                AS started_at,
       coalesce((SELECT o.at FROM outcomes o ORDER BY o.outcome_id DESC LIMIT 1), i.ingested_at)     AS updated_at
FROM at, inputs i
WHERE i.input_id = (SELECT max(input_id) FROM inputs);

CREATE VIEW progress AS
SELECT phase,
       CASE phase WHEN 1 THEN 'location' WHEN 2 THEN 'user' ELSE 'extension_assignment' END AS entity_type,
       sum(CASE state WHEN 'dropped' THEN 0 ELSE rows END) AS total,
       sum(CASE state WHEN 'ready' THEN rows ELSE 0 END)   AS ready,
       sum(CASE state WHEN 'running' THEN rows ELSE 0 END) AS running,
       sum(CASE state WHEN 'success' THEN rows ELSE 0 END) AS success,
       sum(CASE state WHEN 'pending' THEN rows ELSE 0 END) AS pending,
       sum(CASE state WHEN 'dropped' THEN rows ELSE 0 END) AS dropped
FROM counts
WHERE state != 'rejected' AND phase > 0 AND rows > 0
GROUP BY phase;

CREATE VIEW sites AS
SELECT location_key,
       sum(rows)                                     AS total,
       sum(CASE state WHEN 'ready' THEN rows ELSE 0 END)   AS ready,
       sum(CASE state WHEN 'running' THEN rows ELSE 0 END) AS running,
       sum(CASE state WHEN 'success' THEN rows ELSE 0 END) AS success,
       sum(CASE state WHEN 'pending' THEN rows ELSE 0 END) AS pending,
       sum(CASE phase WHEN 2 THEN rows ELSE 0 END)         AS users,
       sum(CASE WHEN phase = 2 AND state = 'success' THEN rows ELSE 0 END) AS users_done,
       sum(CASE phase WHEN 3 THEN rows ELSE 0 END)         AS assignments,
       sum(CASE WHEN phase = 3 AND state = 'success' THEN rows ELSE 0 END) AS assignments_done
FROM counts
WHERE state NOT IN ('rejected', 'dropped') AND rows > 0
GROUP BY location_key;

CREATE VIEW reasons AS
WITH groups AS (
    SELECT state, phase, reason, cause, count(*) AS rows, min(row_id) AS first
    FROM rows
    WHERE state IN ('pending', 'rejected')
    GROUP BY state, phase, reason, cause
)
SELECT g.state,
       g.phase,
       g.reason          AS reason_code,
       g.cause,
       g.rows,
       h.hint,
       (SELECT message FROM rows WHERE row_id = g.first) AS example
FROM groups g
LEFT JOIN reason_codes h ON h.state = g.state AND h.reason = coalesce(g.cause, g.reason);

CREATE VIEW history AS
SELECT o.at, o.row_id, r.entity_type, r.entity_key, o.attempt, o.run_id, printf('p%d-b%04d', o.phase, o.batch) AS batch_id,
       o.state, o.step, o.reason AS reason_code, o.cause, o.message, o.http_status, o.tracking_id, o.remote_id
FROM outcomes o JOIN rows r USING (row_id);

CREATE VIEW steps_of_row AS
SELECT s.row_id, r.entity_type, r.entity_key, s.attempt, s.position, s.step, s.state, s.proof, s.at
FROM steps s JOIN rows r USING (row_id);

CREATE VIEW calls_of_row AS
SELECT c.row_id, r.entity_type, r.entity_key, c.attempt, c.call_id, c.step, c.operation, c.feature, c.mutating, c.applied, c.tries,
       c.status, c.tracking_id, c.error, c.intent_at, c.answered_at, c.run_id
FROM calls c LEFT JOIN rows r USING (row_id);
