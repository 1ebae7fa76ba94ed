-- Looks at registries: whose turn it is, and what was seen. Only the worker does this.

-- lock --
-- Has one worker at a time take names, so that a registry's budget is one for all of them.
-- roles: worker
-- $1 key of the lock
SELECT pg_advisory_xact_lock($1::bigint);

-- add --
-- Adds names whose registries may be asked, in order after one; answers the last that was looked at.
-- roles: api worker
-- $1 names after this one, $2 registries, $3 now
WITH held AS (
  (SELECT domain FROM registration
   WHERE domain > $1 AND state IN ('active', 'ending') ORDER BY domain LIMIT 2000)
  UNION
  (SELECT domain FROM registration
   WHERE domain > $1 AND state = 'claimed' ORDER BY domain LIMIT 2000)
), place AS (
  SELECT domain, substring(domain from '[^.]*$') AS registry
  FROM (SELECT domain FROM held ORDER BY domain LIMIT 2000) near
), added AS (
  INSERT INTO sponsor_look (domain, registry, due_at)
  SELECT domain, registry, $3 FROM place WHERE registry = ANY ($2::text[])
  ON CONFLICT DO NOTHING
)
SELECT max(domain) AS last_domain FROM place;

-- take --
-- Takes what is due as far as each registry's budget of a minute goes: urgent names first, then the oldest.
-- roles: worker
-- $1 registries, $2 looks a minute, $3 now, $4 a minute ago, $5 when a look that was lost is due
WITH budget AS (
  SELECT each.registry, greatest(0, each.looks - (
           SELECT count(*) FROM sponsor_look done
           WHERE done.registry = each.registry AND done.looked_at > $4)) AS looks
  FROM unnest($1::text[], $2::int[]) AS each (registry, looks)
), due AS (
  SELECT next.domain
  FROM budget, LATERAL (
    SELECT either.domain FROM (
      (SELECT look.domain, 1 AS turn, look.due_at FROM sponsor_look look
       WHERE look.registry = budget.registry AND look.urgent AND look.due_at <= $3
       ORDER BY look.due_at LIMIT budget.looks)
      UNION ALL
      (SELECT look.domain, 2, look.due_at FROM sponsor_look look
       WHERE look.registry = budget.registry AND NOT look.urgent AND look.due_at <= $3
       ORDER BY look.due_at LIMIT budget.looks)
    ) either ORDER BY either.turn, either.due_at LIMIT budget.looks
  ) next
)
UPDATE sponsor_look SET looked_at = $3, due_at = $5
FROM due WHERE sponsor_look.domain = due.domain
RETURNING sponsor_look.domain, sponsor_look.registry, sponsor_look.misses;

-- see --
-- Keeps what was seen of a name's sponsor.
-- roles: worker
-- $1 domain, $2 now, $3 IANA id, $4 way, $5 registry's id, $6 created_at, $7 continues what was seen after
-- $8 the registration whose mask was looked for, or NULL, $9 whether it was there
UPDATE sponsor_look SET
  iana_id = $3, way = $4, registry_domain_id = $5, created_at = $6, seen_at = $2,
  since = CASE WHEN iana_id = $3 AND seen_at > $7 THEN since ELSE $2::timestamptz END,
  mask_of = CASE WHEN $9 OR mask_of = $8 THEN $8::uuid END,
  mask_gone_since = CASE WHEN NOT $9 AND mask_of = $8
                         THEN coalesce(mask_gone_since, $2::timestamptz) END,
  misses = 0, reason = NULL
WHERE domain = $1;

-- miss --
-- Keeps that a look gave nothing, and why.
-- roles: worker
-- $1 domain, $2 reason
UPDATE sponsor_look SET misses = misses + 1, reason = $2 WHERE domain = $1;

-- next --
-- When a name is looked for again.
-- roles: api worker
-- $1 domain, $2 due at, $3 whether before all others
UPDATE sponsor_look SET due_at = $2, urgent = $3 WHERE domain = $1;

-- forget --
-- Forgets a name that nobody holds any more.
-- roles: worker
-- $1 domain
DELETE FROM sponsor_look WHERE domain = $1;

-- secrets --
-- What the DNS tokens of a name's holders are made of, of those who asked for one.
-- roles: api worker
-- $1 domain
SELECT kept.tenant_id, kept.id, secret.secret
FROM (
  (SELECT tenant_id, id FROM registration
   WHERE domain = $1 AND state IN ('active', 'ending') LIMIT 1)
  UNION ALL
  (SELECT tenant_id, id FROM registration
   WHERE domain = $1 AND state = 'claimed' ORDER BY enrolled_at, id LIMIT 50)
) kept
JOIN sponsor_secret secret ON secret.tenant_id = kept.tenant_id
ORDER BY kept.id LIMIT 51;

-- show --
-- Keeps that a token was seen in a name's DNS.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 now
INSERT INTO sponsor_shown (tenant_id, registration_id, seen_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, registration_id) DO UPDATE SET seen_at = excluded.seen_at;

-- hide --
-- Keeps that a token does not stand in a name's DNS any more.
-- roles: worker
-- $1 tenant_id, $2 registration_id
DELETE FROM sponsor_shown WHERE tenant_id = $1 AND registration_id = $2;
