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
-- The same with what is published of it, held until the transaction ends.
-- roles: api worker
-- $1 tenant_id, $2 registration_id
SELECT kept.domain, kept.state, kept.revision, kept.record_version,
       kept.declared ->> 'mode' AS mode, shown.value
FROM registration kept
LEFT JOIN published shown
  ON shown.domain = kept.domain COLLATE "C" AND shown.tenant_id = kept.tenant_id
 AND shown.registration_id = kept.id
WHERE kept.tenant_id = $1 AND kept.id = $2
FOR NO KEY UPDATE OF kept;

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
-- $1 tenant_id, $2 registration_id, $3 id, $4 now, $5 fields left out
UPDATE publication SET standing = 'published', published_at = $4, left_out = $5
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND standing = 'waiting'
RETURNING id;

-- take_due --
-- Instructions about which the vault has to be asked, for a while in the taker's hand.
-- roles: worker
-- $1 now, $2 until
WITH due AS (
  SELECT tenant_id, registration_id, id FROM publication
  WHERE standing = 'waiting' AND look_at <= $1
  ORDER BY look_at LIMIT 50 FOR UPDATE SKIP LOCKED
)
UPDATE publication one SET look_at = $2
FROM due, registration kept
WHERE one.tenant_id = due.tenant_id AND one.registration_id = due.registration_id
  AND one.id = due.id AND kept.tenant_id = one.tenant_id AND kept.id = one.registration_id
RETURNING one.tenant_id, one.registration_id, one.id, one.record_version, one.fields,
  one.letter_id, kept.domain;

-- undelivered --
-- Open instructions whose letter came back, or must not go out any more.
-- roles: operator worker
-- $1 instructed since
SELECT one.tenant_id, one.registration_id, one.id FROM publication one
JOIN notice letter ON letter.id = one.letter_id
WHERE one.instructed_at > $1 AND one.ended_at IS NULL AND one.letter_id IS NOT NULL
  AND letter.state IN ('bounced', 'withheld')
ORDER BY one.instructed_at LIMIT 50;

-- look_again --
-- When the vault is asked next, and what it said of the time.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 id, $4 look_at, $5 not_before or NULL, $6 letter or NULL
UPDATE publication SET look_at = $4, not_before = $5, letter_id = coalesce(letter_id, $6)
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND standing = 'waiting';

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
WHERE tenant_id = $1 AND registration_id = $2 AND id = $3 AND standing = 'published';

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
