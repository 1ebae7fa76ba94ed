-- What anybody may read of the ledger: checkpoints, cosignatures, leaves, tiles.

-- newest --
-- The newest checkpoint.
-- roles: vault web operator
-- no arguments
SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1;

-- at_size --
-- The checkpoint of a size.
-- roles: vault web operator
-- $1 size
SELECT size, note FROM ledger_checkpoint WHERE size = $1;

-- newest_cosigned --
-- The newest checkpoints under which one of some witnesses has a line, newest first.
-- roles: web
-- $1 witnesses, $2 limit
SELECT c.size, c.note FROM ledger_checkpoint c JOIN
  (SELECT DISTINCT size FROM ledger_cosignature WHERE witness = ANY ($1)
   ORDER BY size DESC LIMIT $2) AS cosigned USING (size)
ORDER BY c.size DESC;

-- cosignatures --
-- The lines of some witnesses under a checkpoint.
-- roles: web
-- $1 size, $2 witnesses
SELECT line FROM ledger_cosignature WHERE size = $1 AND witness = ANY ($2) ORDER BY witness;

-- add_cosignature --
-- A witness's line; the first one of a witness stays.
-- roles: web
-- $1 size, $2 witness, $3 line, $4 at
INSERT INTO ledger_cosignature (size, witness, line, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (size, witness) DO NOTHING;

-- leaves --
-- Leaves in order.
-- roles: vault web
-- $1 first_index, $2 limit
SELECT index, commitment FROM ledger_leaf WHERE index >= $1 ORDER BY index LIMIT $2;

-- tiles --
-- Full tiles of a level, in order.
-- roles: vault web
-- $1 level, $2 first_index, $3 limit
SELECT index, hashes FROM ledger_tile WHERE level = $1 AND index >= $2 ORDER BY index LIMIT $3;
