-- What happened to a registrar's registrations: written by triggers (migration 0015), stamped by
-- the sequencer (published.sql), read here.

-- page --
-- A tenant's events after a position, in order, with the journal's head at the same moment. To a
-- reseller a name that moved to another one has left, and more it does not learn.
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
  SELECT kept.id, kept.registration_id, kept.domain, kept.at, kept.pos,
         CASE WHEN mine.is_so THEN kept.kind ELSE 'registration.left' END AS kind,
         CASE WHEN mine.is_so THEN kept.body
              ELSE jsonb_build_object('registration', kept.registration_id, 'domain', kept.domain,
                     'revision', kept.body -> 'revision', 'mode', kept.body -> 'mode',
                     'state', 'ended', 'reseller', $4) END AS body
  FROM event kept,
       LATERAL (SELECT $4::text IS NULL OR kept.reseller IS NOT DISTINCT FROM $4 AS is_so) mine
  WHERE kept.tenant_id = $1 AND kept.pos > $3 AND (mine.is_so OR kept.former_reseller = $4)
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

-- public --
-- A tenant's published records in id order, after an id; of one reseller where it is given.
-- roles: api operator worker
-- $1 tenant_id, $2 after id, $3 reseller or NULL, $4 most
SELECT kept.id, kept.domain, shown.value
FROM registration kept
JOIN published shown ON shown.domain = kept.domain COLLATE "C" AND shown.registration_id = kept.id
WHERE kept.tenant_id = $1 AND kept.id > $2 AND kept.state IN ('active', 'ending')
  AND ($3::text IS NULL OR kept.declared ->> 'reseller' = $3) AND shown.value IS NOT NULL
ORDER BY kept.id LIMIT $4;

-- public_of --
-- What a tenant publishes of some names now.
-- roles: api edge operator worker
-- $1 tenant_id, $2 domains
SELECT shown.registration_id AS id, shown.domain, shown.value
FROM unnest($2::text[]) AS asked (domain)
JOIN published shown ON shown.domain = asked.domain COLLATE "C"
WHERE shown.tenant_id = $1 AND shown.value IS NOT NULL;
