-- Orders that cases wait for. Their documents and votes are the vault's; here is what to ask it for.

-- add --
-- An order that was proposed.
-- roles: web
-- $1 order_id, $2 case_id, $3 kind, $4 now
INSERT INTO case_order (order_id, case_id, kind, state, proposed_at, look_at)
VALUES ($1, $2, $3, 'proposed', $4, $4) ON CONFLICT (order_id) DO NOTHING;

-- take --
-- An order to look at, held until the transaction ends.
-- roles: web worker
-- $1 now
SELECT order_id, case_id, kind, state FROM case_order
WHERE look_at <= $1 ORDER BY look_at, order_id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- find --
-- An order of a case, held until the transaction ends.
-- roles: web worker
-- $1 order_id
SELECT order_id, case_id, kind, state FROM case_order WHERE order_id = $1 FOR UPDATE;

-- move --
-- Where an order stands, and when to look again; never, once it is over.
-- roles: web worker
-- $1 order_id, $2 state, $3 look_at
UPDATE case_order SET state = $2, look_at = $3 WHERE order_id = $1;

-- of_case --
-- The orders of a case.
-- roles: web worker
-- $1 case_id, $2 limit
SELECT order_id, case_id, kind, state FROM case_order WHERE case_id = $1
ORDER BY proposed_at, order_id LIMIT $2;
