-- Events of cases that the vault has not looked at yet.

-- unseen --
-- Events that are not marked, behind one, in order of case and number.
-- roles: operator vault web worker
-- $1 case_id, $2 seq, $3 limit
SELECT case_id, seq, id, previous, actor, role, act, facts::text AS facts, at
FROM case_event WHERE NOT is_seen AND (case_id, seq) > ($1, $2) ORDER BY case_id, seq LIMIT $3;

-- mark_seen --
-- Events that the vault has looked at.
-- roles: vault
-- $1 case_ids, $2 seqs
UPDATE case_event e SET is_seen = true
FROM unnest($1::uuid[], $2::integer[]) AS n (case_id, seq)
WHERE e.case_id = n.case_id AND e.seq = n.seq AND NOT e.is_seen;
