-- What each row has brought about: written when the row ends, by what was reached, and cleared when the row is to mean
-- something else. 'site': the location is there and enabled for calling; 'calling': the person has calling; 'line': the
-- person holds the extension and number; 'object': something else that a row makes.
CREATE TABLE gives (
    row_id INTEGER NOT NULL REFERENCES rows (row_id),
    fact   TEXT NOT NULL CHECK (fact = 'site' OR fact = 'calling' OR fact = 'line' OR fact = 'object'),
    PRIMARY KEY (row_id, fact)
) STRICT, WITHOUT ROWID;

-- Rows that ended before this table was there: what the last attempt that came so far has proved.
WITH enabling AS (
    SELECT s.row_id, max(s.attempt) AS attempt
    FROM steps s JOIN rows r USING (row_id)
    WHERE s.step = 'location_enable_calling' AND s.attempt > r.since_attempt AND r.phase = 1
    GROUP BY s.row_id
)
INSERT INTO gives (row_id, fact)
SELECT DISTINCT e.row_id, 'site'
FROM enabling e JOIN rows r USING (row_id) JOIN steps s ON s.row_id = e.row_id AND s.attempt = e.attempt
WHERE r.remote_id IS NOT NULL AND s.step = 'location_enable_calling' AND s.state IN ('applied', 'unchanged');

WITH found AS (
    SELECT s.row_id, max(s.attempt) AS attempt
    FROM steps s JOIN rows r USING (row_id)
    WHERE s.step = 'user_lookup' AND s.state = 'unchanged' AND s.attempt > r.since_attempt AND r.phase = 2
    GROUP BY s.row_id
)
INSERT INTO gives (row_id, fact)
SELECT DISTINCT f.row_id, 'calling'
FROM found f JOIN rows r USING (row_id) JOIN steps s ON s.row_id = f.row_id AND s.attempt = f.attempt
WHERE r.remote_id IS NOT NULL
  AND ((s.step = 'user_lookup' AND s.proof = 'the person has calling')
       OR (s.step = 'user_enable_calling' AND s.state = 'applied'));

INSERT INTO gives (row_id, fact) SELECT row_id, 'line' FROM rows WHERE phase = 3 AND state = 'success';

-- Further addresses of people whom the input names, as Webex showed them last: rows of several of them mean one person.
CREATE TABLE aliases (
    email  TEXT PRIMARY KEY,
    others TEXT NOT NULL CHECK (json_valid(others))
) STRICT, WITHOUT ROWID;

-- The telephone numbers that a request was to add, take away or give, as a JSON array: what it is in doubt about.
ALTER TABLE calls ADD COLUMN numbers TEXT CHECK (numbers IS NULL OR json_valid(numbers));
