-- The ledger: entries say what happened, leaves are commitments, checkpoints are signed.

-- waiting --
-- The oldest entries without a leaf, as text: so that one that can not be read spoils no other.
-- Their octets are limited, since their number alone does not bound the memory they take.
-- roles: vault
-- $1 limit, $2 octets
WITH oldest AS (
  SELECT id, tenant_id, subject, kind, facts::text AS facts, at FROM ledger_entry
  WHERE leaf_index IS NULL ORDER BY at LIMIT $1
), summed AS (
  SELECT *, sum(octet_length(facts)) OVER (ORDER BY at ROWS UNBOUNDED PRECEDING)
    - octet_length(facts) AS before FROM oldest
)
SELECT id, tenant_id, subject, kind, facts, (extract(epoch FROM at) * 1000000)::text AS micros
FROM summed WHERE before <= $2 ORDER BY at;

-- edge --
-- How far the database's copy of the tree goes, and its newest checkpoint.
-- roles: vault web
-- no arguments
SELECT coalesce((SELECT max(index) + 1 FROM ledger_leaf), 0) AS size,
  (SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1) AS note;

-- add_leaves --
-- The leaves of a batch; those that are there already stay as they are.
-- roles: vault
-- $1 first_index, $2 commitments
INSERT INTO ledger_leaf (index, commitment)
SELECT $1::bigint + n.place - 1, n.commitment
FROM unnest($2::bytea[]) WITH ORDINALITY AS n (commitment, place)
ON CONFLICT (index) DO NOTHING;

-- add_own_entries --
-- Entries of the vault's own, which may not be here yet.
-- roles: vault
-- $1 ids, $2 tenant_ids, $3 subjects, $4 kinds, $5 facts, $6 ats
INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
SELECT n.id, n.tenant_id, n.subject, n.kind, n.facts::jsonb, n.at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
  AS n (id, tenant_id, subject, kind, facts, at)
ON CONFLICT (id) DO NOTHING;

-- place_entries --
-- Tells entries their leaf.
-- roles: vault
-- $1 ids, $2 indexes
UPDATE ledger_entry e SET leaf_index = n.index
FROM unnest($1::uuid[], $2::bigint[]) AS n (id, index)
WHERE e.id = n.id AND e.leaf_index IS NULL;

-- count_placed --
-- How many of the entries have exactly the leaf they should have.
-- roles: vault
-- $1 ids, $2 indexes
SELECT count(*) FROM ledger_entry e
JOIN unnest($1::uuid[], $2::bigint[]) AS n (id, index) ON e.id = n.id AND e.leaf_index = n.index;

-- add_checkpoint --
-- A signed checkpoint.
-- roles: vault
-- $1 size, $2 note, $3 at
INSERT INTO ledger_checkpoint (size, note, at) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING;

-- count_waiting --
-- How many entries wait for a leaf.
-- roles: vault
-- no arguments
SELECT count(*) FROM ledger_entry WHERE leaf_index IS NULL;

-- entry --
-- An entry and its leaf.
-- roles: vault
-- $1 id
SELECT id, tenant_id, subject, kind, facts::text AS facts,
  (extract(epoch FROM at) * 1000000)::text AS micros, leaf_index
FROM ledger_entry WHERE id = $1;

-- count_tiles --
-- Where the full tiles of a level end.
-- roles: vault web
-- $1 level
SELECT coalesce((SELECT max(index) + 1 FROM ledger_tile WHERE level = $1), 0) AS count;

-- add_tiles --
-- Full tiles of a level; those that are there already stay as they are.
-- roles: vault
-- $1 level, $2 first_index, $3 hashes
INSERT INTO ledger_tile (level, index, hashes)
SELECT $1::integer, $2::bigint + n.place - 1, n.hashes
FROM unnest($3::bytea[]) WITH ORDINALITY AS n (hashes, place)
ON CONFLICT (level, index) DO NOTHING;
