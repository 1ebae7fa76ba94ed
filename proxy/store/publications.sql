-- Instructions to publish, as the database mirrors them: what the vault's own state says decides.

-- find_declared --
-- A registration as an instruction must find it, read by the vault: never its contacts.
-- roles: api escrow operator vault worker
-- $1 tenant_id, $2 registration_id
SELECT domain, state, revision, record_version, declared ->> 'mode' AS mode FROM registration
WHERE tenant_id = $1 AND id = $2;

-- open_cases --
-- Cases about a registration that are open: what lies over them may bar a publication.
-- roles: operator vault web worker
-- $1 tenant_id, $2 registration_id
SELECT id FROM case_file WHERE tenant_id = $1 AND registration_id = $2 AND is_open
ORDER BY id LIMIT 50;

-- hold --
-- The same, held until the transaction ends.
-- roles: api vault worker
-- $1 tenant_id, $2 registration_id
SELECT domain, state, revision, record_version, declared ->> 'mode' AS mode FROM registration
WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- value --
-- What is published of a registration that is held: read after it, for who held it may have written.
-- roles: api edge operator worker
-- $1 domain, $2 tenant_id, $3 registration_id
SELECT value FROM published
WHERE domain = $1 COLLATE "C" AND tenant_id = $2 AND registration_id = $3;

-- show --
-- Puts another value in the place of what is published of a registration that is held.
-- roles: api worker
-- $1 tenant_id, $2 registration_id, $3 value, $4 now, ledger: $5 id, $6 facts
WITH changed AS (
  UPDATE registration SET revision = revision + 1, changed_at = $4
  WHERE tenant_id = $1 AND id = $2
  RETURNING id, domain
), shown AS (
  UPDATE published SET value = $3, pos = NULL
  FROM changed
  WHERE published.domain = changed.domain COLLATE "C" AND published.registration_id = changed.id
    AND published.value IS NOT NULL
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $5, $1, changed.id::text, 'registration_replaced', $6::jsonb, $4 FROM changed
)
SELECT id FROM changed;

-- add --
-- Keeps an instruction that the vault has taken; none beside one that is open.
-- roles: api
-- $1 tenant_id, $2 registration_id, $3 id, $4 record_version, $5 fields, $6 now
INSERT INTO publication (tenant_id, registration_id, id, record_version, fields, instructed_at,
  look_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (tenant_id, registration_id, id) DO NOTHING;

-- newest --
-- The newest instruction about a registration.
-- roles: api operator worker
-- $1 tenant_id, $2 registration_id
SELECT id, record_version, fields, standing, instructed_at, letter_id, not_before, published_at,
       left_out, ended_at
FROM publication WHERE tenant_id = $1 AND registration_id = $2
ORDER BY ended_at IS NULL DESC, instructed_at DESC, id DESC LIMIT 1;

-- finish --
-- Ends an instruction that is open, under the registration's lock; answers its id.
-- roles: api worker
-- $1 tenant_id, $2 registration_id, $3 id, $4 standing, $5 now, $6 whether the vault knows
UPDATE publication SET standing = $4, ended_at = $5, is_told = $6
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND ended_at IS NULL
RETURNING id;

-- publish --
-- Marks an instruction that waits as carried out, under the registration's lock.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 id, $4 now, $5 fields left out, $6 look_at
UPDATE publication SET standing = 'published', published_at = $4, left_out = $5, look_at = $6
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND standing = 'waiting'
RETURNING id;

-- take_due --
-- Instructions about which the vault has to be asked, for a while in the taker's hand.
-- roles: worker
-- $1 now, $2 until
WITH due AS (
  SELECT tenant_id, registration_id, id FROM publication
  WHERE ended_at IS NULL AND look_at <= $1
  ORDER BY look_at LIMIT 50 FOR UPDATE SKIP LOCKED
)
UPDATE publication one SET look_at = $2
FROM due, registration kept
WHERE one.tenant_id = due.tenant_id AND one.registration_id = due.registration_id
  AND one.id = due.id AND kept.tenant_id = one.tenant_id AND kept.id = one.registration_id
RETURNING one.tenant_id, one.registration_id, one.id, one.record_version, one.fields,
  one.standing, one.instructed_at, one.letter_id, kept.domain,
  (SELECT letter.state FROM notice letter WHERE letter.id = one.letter_id) AS letter_state;

-- look_soon --
-- The vault is asked about everything that is shown: a copy of the database may have come back.
-- roles: worker
-- $1 now
UPDATE publication SET look_at = $1 WHERE standing = 'published' AND look_at > $1;

-- undelivered --
-- Open instructions whose letter came back, or must not go out any more; silence is no bounce.
-- roles: operator worker
-- $1 instructed since
SELECT one.tenant_id, one.registration_id, one.id FROM publication one
JOIN notice letter ON letter.id = one.letter_id
WHERE one.instructed_at > $1 AND one.ended_at IS NULL AND one.letter_id IS NOT NULL
  AND letter.state IN ('bounced', 'withheld') AND letter.reason <> 'unproven'
ORDER BY one.instructed_at LIMIT 50;

-- look_again --
-- When the vault is asked next, and what it said of the time.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 id, $4 look_at, $5 not_before or NULL, $6 letter or NULL
UPDATE publication SET look_at = $4, not_before = coalesce($5, not_before), letter_id = coalesce(letter_id, $6)
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND ended_at IS NULL;

-- shown --
-- All publications that are shown; read where a copy of the database was put back, and then alone.
-- roles: api operator worker
-- no arguments
SELECT tenant_id, registration_id, id FROM publication WHERE standing = 'published'
ORDER BY tenant_id, registration_id;

-- doubt --
-- One of them waits for the vault's word again, and it is asked now; under the registration's lock.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 id, $4 now
UPDATE publication SET standing = 'waiting', published_at = NULL, look_at = $4
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND standing = 'published'
RETURNING id;

-- untold --
-- Ended instructions of whose end the vault may not know.
-- roles: api operator worker
-- no arguments
SELECT tenant_id, registration_id, id, standing FROM publication
WHERE ended_at IS NOT NULL AND NOT is_told ORDER BY ended_at LIMIT 50;

-- tell --
-- The vault knows of the end.
-- roles: api worker
-- $1 tenant_id, $2 registration_id, $3 id
UPDATE publication SET is_told = true
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND ended_at IS NOT NULL AND NOT is_told;
