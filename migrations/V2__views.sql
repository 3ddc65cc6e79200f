-- The documented views (docs/sql.md). The order of the first columns of the file views is the contract
-- of term sheet 12 and 7.1.

CREATE VIEW results AS
SELECT r.updated_at                                 AS timestamp,
       printf('p%d-b%04d', r.phase, r.batch)        AS batch_id,
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
LEFT JOIN hints h ON h.state = r.state AND h.reason = r.cause
WHERE r.state IN ('success', 'pending');

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
       r.remote_id
FROM rows r
LEFT JOIN hints h ON h.state = r.state AND h.reason = r.cause
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
       h.hint
FROM rows r
LEFT JOIN hints h ON h.state = r.state AND h.reason = r.reason
WHERE r.state = 'rejected';

CREATE VIEW ready_to_load AS
SELECT row_id, line, phase, entity_type, entity_key, location_key, row_ref, state, cells
FROM rows
WHERE state != 'rejected';

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
                 WHERE r.phase = at.phase AND r.state != 'rejected'
                   AND r.row_id < coalesce((SELECT row_id FROM first_open), 9223372036854775807)), 0) AS last_row_id,
       coalesce((SELECT started_at FROM runs ORDER BY run_id LIMIT 1), i.ingested_at)                AS started_at,
       coalesce((SELECT o.at FROM outcomes o ORDER BY o.outcome_id DESC LIMIT 1), i.ingested_at)     AS updated_at
FROM at, inputs i
WHERE i.input_id = (SELECT max(input_id) FROM inputs);

CREATE VIEW progress AS
SELECT phase,
       CASE phase WHEN 1 THEN 'location' WHEN 2 THEN 'user' ELSE 'extension_assignment' END AS entity_type,
       sum(rows)                                     AS total,
       sum(CASE state WHEN 'ready' THEN rows ELSE 0 END)   AS ready,
       sum(CASE state WHEN 'running' THEN rows ELSE 0 END) AS running,
       sum(CASE state WHEN 'success' THEN rows ELSE 0 END) AS success,
       sum(CASE state WHEN 'pending' THEN rows ELSE 0 END) AS pending
FROM counts
WHERE state != 'rejected' AND rows > 0
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
WHERE state != 'rejected' AND rows > 0
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
LEFT JOIN hints h ON h.state = g.state AND h.reason = coalesce(g.cause, g.reason);

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

CREATE VIEW throughput AS
SELECT substr(at, 1, 16)      AS minute,
       run_id,
       phase,
       count(*)               AS rows_finished,
       sum(state = 'success') AS success,
       sum(state = 'pending') AS pending
FROM outcomes
GROUP BY minute, run_id, phase;
