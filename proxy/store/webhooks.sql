-- Webhooks: taken by a worker for a while, told how far they came, listed and changed by operators.

-- take --
-- Leases the webhooks that have something to do; answers them.
-- roles: operator worker
-- $1 now, $2 leased until, $3 lease, $4 most
UPDATE webhook SET lease = $3, leased_until = $2
FROM (
  SELECT one.id FROM webhook one
  WHERE one.state = 'on' AND one.next_try <= $1
    AND (one.leased_until IS NULL OR one.leased_until <= $1)
    AND (EXISTS (SELECT 1 FROM event
                 WHERE event.tenant_id = one.tenant_id AND event.pos > one.pos)
         OR EXISTS (SELECT 1 FROM webhook_letter letter
                    WHERE letter.webhook_id = one.id AND letter.dead_at IS NULL
                      AND letter.next_try <= $1
                      AND NOT EXISTS (SELECT 1 FROM webhook_letter earlier
                                      WHERE earlier.webhook_id = one.id
                                        AND earlier.dead_at IS NULL
                                        AND earlier.domain = letter.domain
                                        AND earlier.pos < letter.pos)))
  ORDER BY one.next_try LIMIT $4 FOR UPDATE SKIP LOCKED
) due
WHERE webhook.id = due.id
RETURNING webhook.id, webhook.tenant_id, webhook.url, webhook.reseller, webhook.state,
          webhook.secret_version, webhook.former_until, webhook.epoch, webhook.pos,
          webhook.failing_since, webhook.reason, webhook.next_try, webhook.created_at;

-- due_letters --
-- The first living letter of each name that is due; those behind it wait for it.
-- roles: operator worker
-- $1 webhook_id, $2 now, $3 most
SELECT letter.tries, letter.reason AS why, event.id, event.kind, event.registration_id,
       event.domain, event.body, event.at, letter.pos
FROM webhook_letter letter JOIN event ON event.id = letter.event_id
WHERE letter.webhook_id = $1 AND letter.dead_at IS NULL AND letter.next_try <= $2
  AND NOT EXISTS (SELECT 1 FROM webhook_letter earlier
                  WHERE earlier.webhook_id = $1 AND earlier.dead_at IS NULL
                    AND earlier.domain = letter.domain AND earlier.pos < letter.pos)
ORDER BY letter.next_try, letter.pos LIMIT $3;

-- waiting_names --
-- Which of some names have a living letter, and how many letters live at all.
-- roles: operator worker
-- $1 webhook_id, $2 domains
SELECT (SELECT count(*) FROM webhook_letter WHERE webhook_id = $1 AND dead_at IS NULL) AS living,
       coalesce(array_agg(DISTINCT letter.domain), '{}') AS domains
FROM webhook_letter letter
WHERE letter.webhook_id = $1 AND letter.dead_at IS NULL AND letter.domain = ANY ($2::text[]);

-- settle --
-- What a round came to, if the lease is still held; answers one row then. The lease goes on.
-- roles: worker
-- $1 id, $2 lease, $3 leased until
-- webhook: $4 epoch, $5 pos, $6 state, $7 failing_since, $8 reason, $9 next_try
-- letters: $10 positions, $11 event ids, $12 domains, $13 tries, $14 next tries, $15 reasons,
--   $16 dead at; $17 positions that were delivered
WITH held AS (
  UPDATE webhook SET epoch = $4, pos = $5, failing_since = $7, reason = $8, next_try = $9,
         leased_until = $3, state = CASE WHEN state = 'on' THEN $6 ELSE state END
  WHERE id = $1 AND lease = $2 AND leased_until IS NOT NULL
  RETURNING id
), gone AS (
  DELETE FROM webhook_letter USING held
  WHERE webhook_letter.webhook_id = held.id AND webhook_letter.pos = ANY ($17::bigint[])
), kept AS (
  INSERT INTO webhook_letter
    (webhook_id, pos, event_id, domain, tries, next_try, reason, dead_at)
  SELECT held.id, row.pos, row.event_id, row.domain, row.tries, row.next_try, row.reason,
         row.dead_at
  FROM held, unnest($10::bigint[], $11::uuid[], $12::text[], $13::int[], $14::timestamptz[],
                    $15::text[], $16::timestamptz[])
    AS row (pos, event_id, domain, tries, next_try, reason, dead_at)
  ON CONFLICT (webhook_id, pos) DO UPDATE SET
    tries = excluded.tries, next_try = excluded.next_try, reason = excluded.reason,
    dead_at = excluded.dead_at
)
SELECT id FROM held;

-- release --
-- Ends a lease.
-- roles: operator worker
-- $1 id, $2 lease
UPDATE webhook SET lease = NULL, leased_until = NULL WHERE id = $1 AND lease = $2;

-- add --
-- A webhook that begins with what happens from now on; answers nothing before the first round of
-- any sequencer.
-- roles: operator
-- $1 id, $2 tenant_id, $3 url, $4 reseller or NULL, $5 now
INSERT INTO webhook (id, tenant_id, url, reseller, state, secret_version, epoch, pos, next_try,
                     created_at)
SELECT $1, $2, $3, $4, 'on', 1, head.epoch, head.next_pos - 1, $5, $5
FROM (SELECT epoch, next_pos FROM journal_epoch ORDER BY epoch DESC LIMIT 1) head
RETURNING id;

-- of_tenant --
-- A registrar's webhooks, with how many letters wait and how many are dead.
-- roles: operator worker
-- $1 tenant_id
SELECT one.id, one.tenant_id, one.url, one.reseller, one.state, one.secret_version,
       one.former_until, one.epoch, one.pos, one.failing_since, one.reason, one.next_try,
       one.created_at,
       (SELECT count(*) FROM webhook_letter WHERE webhook_id = one.id AND dead_at IS NULL)
         AS waiting,
       (SELECT count(*) FROM webhook_letter WHERE webhook_id = one.id AND dead_at IS NOT NULL)
         AS dead,
       (SELECT count(*) FROM event WHERE event.tenant_id = one.tenant_id AND event.pos > one.pos
        AND (one.reseller IS NULL OR event.reseller = one.reseller)) AS behind
FROM webhook one WHERE one.tenant_id = $1 ORDER BY one.id;

-- set_state --
-- Pauses it, or has it go on at once; answers its id.
-- roles: operator worker
-- $1 id, $2 state, $3 now
UPDATE webhook SET state = $2, next_try = $3, failing_since = NULL, reason = ''
WHERE id = $1 RETURNING id;

-- rotate_secret --
-- The next secret; the one before signs as well until a moment. Answers its number.
-- roles: operator
-- $1 id, $2 former until
UPDATE webhook SET secret_version = secret_version + 1, former_until = $2
WHERE id = $1 RETURNING secret_version;

-- remove --
-- Forgets a webhook and its letters; answers its id.
-- roles: operator
-- $1 id
DELETE FROM webhook WHERE id = $1 RETURNING id;

-- dead --
-- Letters that are tried no more, oldest first, after a position.
-- roles: operator worker
-- $1 webhook_id, $2 after, $3 most
SELECT letter.pos, letter.event_id, event.kind, letter.domain, event.at, letter.tries,
       letter.reason, letter.dead_at
FROM webhook_letter letter JOIN event ON event.id = letter.event_id
WHERE letter.webhook_id = $1 AND letter.dead_at IS NOT NULL AND letter.pos > $2
ORDER BY letter.pos LIMIT $3;

-- revive --
-- Has dead letters tried anew, all of them or some; answers how many.
-- roles: operator worker
-- $1 webhook_id, $2 event ids or NULL, $3 now
WITH revived AS (
  UPDATE webhook_letter SET tries = 0, next_try = $3, dead_at = NULL
  WHERE webhook_id = $1 AND dead_at IS NOT NULL
    AND ($2::uuid[] IS NULL OR event_id = ANY ($2::uuid[]))
  RETURNING 1
)
SELECT count(*) AS rows FROM revived;

-- rewind --
-- Sets a webhook's cursor back; what it has had since is sent again. Letters go: they are behind
-- the cursor, or will be met again. A lease that runs ends, so that it can not move it forward.
-- roles: operator worker
-- $1 id, $2 epoch, $3 pos, $4 now
WITH moved AS (
  UPDATE webhook SET epoch = $2, pos = $3, next_try = $4, lease = NULL, leased_until = NULL
  WHERE id = $1 RETURNING id
), gone AS (
  DELETE FROM webhook_letter USING moved
  WHERE webhook_letter.webhook_id = moved.id AND webhook_letter.pos > $3
)
SELECT id FROM moved;

-- troubled --
-- How many webhooks have failed since a moment, how many want no more, and how many letters are
-- dead at how many webhooks.
-- roles: operator worker
-- $1 failing since at the latest
SELECT count(*) FILTER (WHERE one.state = 'on' AND one.failing_since <= $1) AS failing,
       count(*) FILTER (WHERE one.state = 'gone') AS gone,
       coalesce(sum(letters.dead), 0)::bigint AS dead,
       count(*) FILTER (WHERE letters.dead > 0) AS holding
FROM webhook one
CROSS JOIN LATERAL (SELECT count(*) AS dead FROM webhook_letter letter
                    WHERE letter.webhook_id = one.id AND letter.dead_at IS NOT NULL) letters;
