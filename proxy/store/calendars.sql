-- Calendars: documents by place and version. A version is never changed, and never goes.

-- add --
-- A version of a calendar; one that was made before becomes the newest again.
-- roles: operator
-- $1 id, $2 version, $3 document, $4 now
INSERT INTO calendar (id, version, document, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (id, version) DO UPDATE SET made_at = greatest(calendar.made_at, EXCLUDED.made_at);

-- newest --
-- The version of a calendar that new deadlines are counted by.
-- roles: web worker operator
-- $1 id
SELECT document, version FROM calendar WHERE id = $1 ORDER BY made_at DESC, version LIMIT 1;

-- find --
-- One version of a calendar.
-- roles: web worker operator
-- $1 id, $2 version
SELECT document, version FROM calendar WHERE id = $1 AND version = $2;

-- listed --
-- Every version of every calendar, the newest first.
-- roles: operator worker
-- $1 limit
SELECT id, version, made_at, taken_at, taken_whole_at FROM calendar
ORDER BY id, made_at DESC, version LIMIT $1;

-- take --
-- Deadlines that run shall follow this version from now on; the worker does it.
-- roles: operator
-- $1 id, $2 version, $3 now
UPDATE calendar SET taken_at = $3, taken_after = NULL, taken_whole_at = NULL
WHERE id = $1 AND version = $2;

-- being_taken --
-- A version that running deadlines do not all follow yet, for this worker alone.
-- roles: operator worker
-- no arguments
SELECT id, version, document, taken_after FROM calendar
WHERE taken_at IS NOT NULL AND taken_whole_at IS NULL
ORDER BY taken_at, id, version LIMIT 1 FOR UPDATE SKIP LOCKED;

-- taken --
-- How far a version was taken: behind a case, or to the end.
-- roles: operator worker
-- $1 id, $2 version, $3 after, $4 whole_at
UPDATE calendar SET taken_after = $3, taken_whole_at = $4 WHERE id = $1 AND version = $2;
