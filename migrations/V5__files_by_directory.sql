-- Files are known by directory and name: an export into another directory says nothing of this one's files. Of those
-- written before this version the directory is not known.
ALTER TABLE files RENAME TO files_by_name;

CREATE TABLE files (
    directory  TEXT NOT NULL,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL CHECK (length(sha256) = 64),
    previous   TEXT,
    written_at TEXT NOT NULL,
    PRIMARY KEY (directory, name)
) STRICT, WITHOUT ROWID;

INSERT INTO files (directory, name, sha256, previous, written_at)
SELECT '', name, sha256, previous, written_at FROM files_by_name;

DROP TABLE files_by_name;
