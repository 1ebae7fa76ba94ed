-- When our portal and our outgoing mail were up, and when they were not.

-- beat --
-- A part of ours is up; what lies between this beat and the one before may be an outage.
-- roles: web relay
-- $1 what, $2 now, $3 longest silence
WITH before AS (
  SELECT last_at FROM beat WHERE what = $1 FOR UPDATE
), gap AS (
  INSERT INTO outage (what, started_at, ended_at)
  SELECT $1, last_at, $2 FROM before WHERE $2::timestamptz - last_at > $3::interval
  ON CONFLICT (what, started_at) DO NOTHING
)
INSERT INTO beat (what, last_at) SELECT $1, $2 FROM (SELECT count(*) FROM before) AS read_first
ON CONFLICT (what) DO UPDATE SET last_at = EXCLUDED.last_at;

-- beats --
-- When each part was last heard of.
-- roles: web relay worker operator
-- no arguments
SELECT what, last_at FROM beat ORDER BY what LIMIT 10;

-- between --
-- Outages that reach into a time, in order.
-- roles: worker operator
-- $1 after, $2 before, $3 limit
SELECT started_at, ended_at FROM outage WHERE ended_at > $1 AND started_at < $2
ORDER BY started_at, what LIMIT $3;
