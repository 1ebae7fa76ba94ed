-- What cases have registrars do. An effect is kept before anything is asked, and asked for by its id.

-- add --
-- An effect that is asked for.
-- roles: web worker
-- $1 id, $2 case_id, $3 tenant_id, $4 registration_id, $5 domain, $6 change, $7 now
INSERT INTO registrar_effect
  (id, case_id, tenant_id, registration_id, domain, change, asked_at, next_try)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7);

-- of_case --
-- A case's effects, newest first, held until the transaction ends.
-- roles: web worker
-- $1 case_id, $2 limit
SELECT id, case_id, tenant_id, registration_id, domain, change, state, seen, tries, asked_at
FROM registrar_effect WHERE case_id = $1 ORDER BY place DESC LIMIT $2 FOR UPDATE;

-- earlier --
-- What was asked for of a registration, by whatever case, before an effect; newest first.
-- roles: web worker
-- $1 id, $2 domain, $3 registration_id, $4 limit
SELECT id, case_id, tenant_id, registration_id, domain, change, state, seen, tries, asked_at
FROM registrar_effect
WHERE domain = $2 AND registration_id = $3
  AND place < (SELECT e.place FROM registrar_effect e WHERE e.id = $1)
ORDER BY place DESC LIMIT $4;

-- take --
-- An effect to ask for, now this worker's for a while: the oldest of its name, if nobody speaks of it.
-- roles: worker
-- $1 now, $2 leased_until
UPDATE registrar_effect t SET leased_until = $2, next_try = $2, tries = t.tries + 1
WHERE t.id = (
  SELECT e.id FROM registrar_effect e
  WHERE e.state = 'asked' AND e.next_try <= $1 AND NOT EXISTS (
    SELECT FROM registrar_effect o WHERE o.domain = e.domain AND o.id <> e.id
      AND (o.leased_until > $1 OR (o.state = 'asked' AND o.place < e.place)))
  ORDER BY e.next_try, e.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, case_id, tenant_id, registration_id, domain, change, state, seen, tries, asked_at;

-- find --
-- An effect, held until the transaction ends.
-- roles: web worker
-- $1 id
SELECT id, case_id, tenant_id, registration_id, domain, change, state, seen, tries, asked_at
FROM registrar_effect WHERE id = $1 FOR UPDATE;

-- see --
-- What stood before it was first asked for; NULL to look anew.
-- roles: worker
-- $1 id, $2 seen
UPDATE registrar_effect SET seen = $2 WHERE id = $1;

-- wait --
-- It is asked for again later; nobody speaks of it meanwhile.
-- roles: worker
-- $1 id, $2 next_try
UPDATE registrar_effect SET next_try = $2, leased_until = NULL WHERE id = $1;

-- move --
-- Where it stands now.
-- roles: web worker
-- $1 id, $2 state, $3 ended_at
UPDATE registrar_effect SET state = $2, ended_at = $3 WHERE id = $1;

-- let_go --
-- No worker speaks of it any more.
-- roles: worker
-- $1 id
UPDATE registrar_effect SET leased_until = NULL WHERE id = $1;
