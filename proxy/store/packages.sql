-- Disclosure packages: ciphertext, ids, codes and digests; no person.

-- keep --
-- A package that was built, in the place of one of the same order that nobody was given.
-- roles: vault
-- $1 id, $2 order_id, $3 case_id, $4 tenant_id, $5 sha256, $6 content, $7 copy_id, $8 recipient_openpgp, $9 recipient_sha256, $10 releaser, $11 fields, $12 terms, $13 delete_by, $14 made_at, $15 expires_at
INSERT INTO disclosure_package AS p (id, order_id, case_id, tenant_id, sha256, octets, content, copy_id,
  recipient_openpgp, recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, length($6::bytea), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (order_id) DO UPDATE SET id = excluded.id, sha256 = excluded.sha256,
  octets = excluded.octets, content = excluded.content, copy_id = excluded.copy_id,
  recipient_openpgp = excluded.recipient_openpgp, recipient_sha256 = excluded.recipient_sha256,
  releaser = excluded.releaser, fields = excluded.fields, terms = excluded.terms,
  delete_by = excluded.delete_by, made_at = excluded.made_at, expires_at = excluded.expires_at
WHERE p.state = 'built'
RETURNING id;

-- find_of_order --
-- The package of an order.
-- roles: vault web worker operator
-- $1 order_id
SELECT id, order_id, case_id, tenant_id, state, sha256, octets, copy_id, recipient_openpgp,
  recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at, released_at, collected_at,
  receipted_at
FROM disclosure_package WHERE order_id = $1;

-- lock --
-- A package, held until the transaction ends.
-- roles: vault web worker
-- $1 id
SELECT id, order_id, case_id, tenant_id, state, sha256, octets, copy_id, recipient_openpgp,
  recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at, released_at, collected_at,
  receipted_at
FROM disclosure_package WHERE id = $1 FOR UPDATE;

-- find --
-- A package.
-- roles: vault web worker operator
-- $1 id
SELECT id, order_id, case_id, tenant_id, state, sha256, octets, copy_id, recipient_openpgp,
  recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at, released_at, collected_at,
  receipted_at
FROM disclosure_package WHERE id = $1;

-- content --
-- The ciphertext of a package.
-- roles: vault web
-- $1 id
SELECT content FROM disclosure_package WHERE id = $1;

-- note_released --
-- Its link goes out.
-- roles: web
-- $1 id, $2 now, $3 expires_at
UPDATE disclosure_package SET state = 'released', released_at = $2, expires_at = $3
WHERE id = $1 AND state = 'built' RETURNING id;

-- note_collected --
-- Its recipient has it; the ciphertext goes.
-- roles: web
-- $1 id, $2 now
UPDATE disclosure_package SET state = 'collected', collected_at = $2, content = NULL
WHERE id = $1 AND state = 'released' RETURNING id;

-- note_receipted --
-- Its recipient confirmed it.
-- roles: web
-- $1 id, $2 now
UPDATE disclosure_package SET state = 'receipted', receipted_at = $2
WHERE id = $1 AND state = 'collected' RETURNING id;

-- note_expired --
-- Nobody fetched it in time; the ciphertext goes.
-- roles: worker
-- $1 id, $2 now
UPDATE disclosure_package SET state = 'expired', expired_at = $2, content = NULL
WHERE id = $1 AND state IN ('built', 'released') RETURNING id;

-- overdue --
-- Packages whose time is over, the oldest first.
-- roles: vault web worker operator
-- $1 now, $2 limit
SELECT id FROM disclosure_package
WHERE state IN ('built', 'released') AND expires_at <= $1
ORDER BY expires_at, id LIMIT $2;

-- add_recipient --
-- Who was given what until when; once for a package and for an order.
-- roles: web
-- $1 package_id, $2 order_id, $3 case_id, $4 tenant_id, $5 registration_id, $6 recipient_sha256, $7 fields, $8 released_at, $9 delete_by
INSERT INTO recipient_ledger (package_id, order_id, case_id, tenant_id, registration_id,
  recipient_sha256, fields, released_at, delete_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- recipients_of --
-- Who was given data of a registration, the newest first.
-- roles: web worker operator
-- $1 tenant_id, $2 registration_id, $3 limit
SELECT package_id, order_id, case_id, recipient_sha256, fields, released_at, delete_by
FROM recipient_ledger WHERE tenant_id = $1 AND registration_id = $2
ORDER BY released_at DESC, package_id LIMIT $3;
