-- Cases: files, their chains of events, tasks, holds. Ids, codes and digests; no person.

-- add_file --
-- A case that is opened, with its first event's place in the chain; none if the id is taken.
-- roles: web
-- $1 id, $2 type, $3 tenant_id, $4 registration_id, $5 domain, $6 event_date, $7 state, $8 head, $9 now
INSERT INTO case_file (id, type, tenant_id, registration_id, domain, event_date, opened_at,
  touched_at, state, is_open, seq, head)
VALUES ($1, $2, $3, $4, $5, $6, $9, $9, $7, true, 1, $8) ON CONFLICT (id) DO NOTHING;

-- find_file --
-- A case's file.
-- roles: web worker vault operator
-- $1 id
SELECT id, type, tenant_id, registration_id, domain, event_date, opened_at, seq, head, state, is_open
FROM case_file WHERE id = $1;

-- lock_files --
-- Files of cases, held until the transaction ends; in order of ids, so that no two wait crosswise.
-- roles: web worker
-- $1 ids
SELECT id, type, tenant_id, registration_id, domain, event_date, opened_at, seq, head, state, is_open
FROM case_file WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE;

-- move_files --
-- Where chains stand after further events.
-- roles: web worker
-- $1 ids, $2 seqs, $3 heads, $4 states, $5 is_open, $6 now
UPDATE case_file f SET seq = n.seq, head = n.head, state = n.state, is_open = n.is_open,
  touched_at = $6, closed_at = CASE WHEN n.is_open THEN NULL ELSE coalesce(f.closed_at, $6) END
FROM unnest($1::uuid[], $2::integer[], $3::bytea[], $4::text[], $5::boolean[])
  AS n (id, seq, head, state, is_open)
WHERE f.id = n.id;

-- set_handler --
-- Who handles a case.
-- roles: web
-- $1 id, $2 handler
UPDATE case_file SET handler = $2 WHERE id = $1;

-- add_events --
-- Events behind those that are there; the first that is not new breaks the key.
-- roles: web worker
-- $1 case_ids, $2 seqs, $3 ids, $4 previous, $5 hashes, $6 actors, $7 roles, $8 acts, $9 facts, $10 ats
INSERT INTO case_event (case_id, seq, id, previous, hash, actor, role, act, facts, at)
SELECT n.case_id, n.seq, n.id, n.previous, n.hash, n.actor, n.role, n.act, n.facts::jsonb, n.at
FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::bytea[], $5::bytea[], $6::text[], $7::text[],
  $8::text[], $9::text[], $10::timestamptz[])
  AS n (case_id, seq, id, previous, hash, actor, role, act, facts, at);

-- add_entries --
-- Their ledger entries.
-- roles: api escrow operator vault web worker
-- $1 ids, $2 tenant_ids, $3 subjects, $4 facts, $5 ats
INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
SELECT n.id, n.tenant_id, n.subject, 'case_event', n.facts::jsonb, n.at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
  AS n (id, tenant_id, subject, facts, at);

-- ledger_steps --
-- What the ledger says of cases before a moment: case by case, each in the order of its chain.
-- roles: operator vault
-- $1 before
SELECT subject, facts::text AS facts, at FROM ledger_entry WHERE kind = 'case_event' AND at < $1
ORDER BY subject, (facts->>'seq')::integer;

-- events --
-- A case's events behind one, in order.
-- roles: web worker vault operator
-- $1 case_id, $2 after, $3 limit
SELECT case_id, seq, id, previous, actor, role, act, facts::text AS facts, at
FROM case_event WHERE case_id = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- open_files --
-- Open cases touched last, a page of them: all, or those of a state, a type, a handler.
-- roles: operator vault web worker
-- $1 before touched_at, $2 before id, $3 state, $4 type, $5 handler, $6 limit
SELECT id, type, tenant_id, registration_id, domain, event_date, opened_at, seq, head, state, is_open,
  touched_at, handler
FROM case_file
WHERE is_open AND (touched_at, id) < ($1, $2) AND ($3 = '' OR state = $3) AND ($4 = '' OR type = $4)
  AND ($5 = '' OR handler = $5)
ORDER BY touched_at DESC, id DESC LIMIT $6;

-- open_files_of --
-- Every open case about a registration, however many there are.
-- roles: operator vault web worker
-- $1 tenant_id, $2 registration_id
SELECT id, type, tenant_id, registration_id, domain, event_date, opened_at, seq, head, state, is_open
FROM case_file WHERE tenant_id = $1 AND registration_id = $2 AND is_open ORDER BY opened_at, id;

-- open_tasks --
-- Tasks of a role that are open, the most urgent first; '' is every role's.
-- roles: operator web worker
-- $1 role, $2 limit
SELECT t.id, t.case_id, t.kind, t.role, t.opened_at, t.due_at, f.domain, f.type, f.state
FROM case_task t JOIN case_file f ON f.id = t.case_id
WHERE t.done_at IS NULL AND ($1 = '' OR t.role = $1)
ORDER BY t.due_at NULLS LAST, t.opened_at, t.id LIMIT $2;

-- tasks_of --
-- A case's tasks.
-- roles: web worker operator
-- $1 case_id, $2 limit
SELECT id, case_id, kind, role, opened_at, due_at, done_at, done_by
FROM case_task WHERE case_id = $1 ORDER BY opened_at, id LIMIT $2;

-- add_tasks --
-- Tasks that are opened.
-- roles: web worker
-- $1 ids, $2 case_ids, $3 kinds, $4 roles, $5 due_ats, $6 now
INSERT INTO case_task (id, case_id, kind, role, opened_at, due_at)
SELECT n.id, n.case_id, n.kind, n.role, $6, n.due_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
  AS n (id, case_id, kind, role, due_at);

-- finish_tasks --
-- Open tasks of a case that are done; of every kind that is named.
-- roles: web worker
-- $1 case_id, $2 kinds, $3 by, $4 now
UPDATE case_task SET done_at = $4, done_by = $3
WHERE case_id = $1 AND kind = ANY($2::text[]) AND done_at IS NULL RETURNING id, kind;

-- finish_all_tasks --
-- Every task of a case that is over, but those that go on.
-- roles: web worker
-- $1 case_id, $2 by, $3 kinds that go on, $4 now
UPDATE case_task SET done_at = $4, done_by = $2
WHERE case_id = $1 AND done_at IS NULL AND kind <> ALL($3::text[]) RETURNING id, kind;

-- evidence_of --
-- What lies as evidence in a case; bytes are sealed elsewhere.
-- roles: operator vault web
-- $1 case_id, $2 limit
SELECT id, kind, media_type, octets, sha256, first_version, records, added_by, added_at
FROM evidence WHERE case_id = $1 ORDER BY added_at, id LIMIT $2;

-- find_registration --
-- The registration of a name that a registrar has or had on a day, the living one first.
-- roles: api escrow operator web worker
-- $1 domain, $2 event_date
SELECT tenant_id, id, state, record_version FROM registration
WHERE domain = $1 AND state <> 'claimed' AND enrolled_at <= $2 AND (ended_at IS NULL OR ended_at > $2)
ORDER BY (state <> 'ended') DESC, enrolled_at DESC LIMIT 1;

-- place_hold --
-- A legal hold because of a case; one that is there stays.
-- roles: web worker
-- $1 tenant_id, $2 registration_id, $3 case_id, $4 by, $5 now
INSERT INTO legal_hold (tenant_id, registration_id, case_id, placed_by, placed_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, registration_id, case_id) DO NOTHING;

-- lift_hold --
-- A hold that an order lifted.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 case_id, $4 now
UPDATE legal_hold SET lifted_at = $4
WHERE tenant_id = $1 AND registration_id = $2 AND case_id = $3 AND lifted_at IS NULL;

-- show_hold --
-- The union of holds as the registration shows it.
-- roles: web worker
-- $1 tenant_id, $2 registration_id
UPDATE registration SET hold = EXISTS (
  SELECT FROM legal_hold h
  WHERE h.tenant_id = $1 AND h.registration_id = $2 AND h.lifted_at IS NULL)
WHERE tenant_id = $1 AND id = $2;
