-- What happened to a registrar's registrations: written by triggers (migration 0015), stamped by
-- the sequencer (published.sql), read here.

-- page --
-- A tenant's events after a position, in order, with the journal's head at the same moment.
-- roles: api worker
-- $1 tenant_id, $2 epoch of the reader's cursor, $3 its position, $4 reseller or NULL, $5 limit
WITH head AS (
  SELECT epoch, cluster, next_pos, current_at FROM journal_epoch
  WHERE current_at > '1970-01-01T00:00:00Z' -- the first epoch has finished a round
  ORDER BY epoch DESC LIMIT 1
)
SELECT head.epoch, head.next_pos, head.current_at, mine.epoch IS NOT NULL AS knows_epoch,
       coalesce(mine.cluster = head.cluster, false) AS is_same_cluster,
       coalesce((SELECT min(later.first_pos) FROM journal_epoch later WHERE later.epoch > $2),
                head.next_pos) AS epoch_end,
       coalesce((SELECT pos FROM event_horizon), 0) AS horizon,
       one.id, one.kind, one.registration_id, one.domain, one.body, one.at, one.pos
FROM head
LEFT JOIN journal_epoch mine ON mine.epoch = $2
LEFT JOIN LATERAL (
  SELECT kept.id, kept.kind, kept.registration_id, kept.domain, kept.body, kept.at, kept.pos
  FROM event kept
  WHERE kept.tenant_id = $1 AND kept.pos > $3 AND ($4::text IS NULL OR kept.reseller = $4)
  ORDER BY kept.pos LIMIT $5
) one ON true
ORDER BY one.pos;

-- forget --
-- Deletes events from before a moment, some at a time, and remembers how far; answers how many.
-- roles: worker
-- $1 happened before
WITH first AS (
  SELECT id, at, pos FROM event WHERE pos IS NOT NULL ORDER BY pos LIMIT 5000
), gone AS (
  DELETE FROM event USING first WHERE event.id = first.id AND first.at < $1
  RETURNING event.pos
), noted AS (
  INSERT INTO event_horizon (pos) SELECT max(pos) FROM gone HAVING count(*) > 0
  ON CONFLICT (is_one) DO UPDATE SET pos = greatest(event_horizon.pos, excluded.pos)
)
SELECT count(*) AS rows FROM gone;
