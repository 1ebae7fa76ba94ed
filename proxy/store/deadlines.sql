-- Deadlines of cases: what they are counted by, what happened to them, what is due next.

-- add --
-- A deadline that begins to run.
-- roles: web worker
-- $1 case_id, $2 name, $3 round, $4 terms, $5 plan, $6 calendar_id, $7 calendar_version, $8 zone, $9 started_at, $10 no_earlier_than, $11 no_later_than, $12 due_at, $13 next_action, $14 next_at, $15 fired
INSERT INTO case_deadline (case_id, name, round, terms, plan, calendar_id, calendar_version, zone,
  started_at, no_earlier_than, no_later_than, due_at, next_action, next_at, fired)
VALUES ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- of_case --
-- Every round of every deadline of a case.
-- roles: web worker operator
-- $1 case_id, $2 limit
SELECT case_id, name, round, terms::text AS terms, plan::text AS plan, calendar_id, calendar_version,
  zone, started_at, no_earlier_than, no_later_than, history::text AS history, due_at, fired,
  next_action, next_at, ended_at
FROM case_deadline WHERE case_id = $1 ORDER BY started_at, name, round LIMIT $2;

-- newest --
-- The newest round of a deadline.
-- roles: operator web worker
-- $1 case_id, $2 name
SELECT case_id, name, round, terms::text AS terms, plan::text AS plan, calendar_id, calendar_version,
  zone, started_at, no_earlier_than, no_later_than, history::text AS history, due_at, fired,
  next_action, next_at, ended_at
FROM case_deadline WHERE case_id = $1 AND name = $2 ORDER BY round DESC LIMIT 1;

-- move --
-- What became of deadlines that run.
-- roles: web worker
-- $1 case_ids, $2 names, $3 rounds, $4 histories, $5 calendar_versions, $6 due_ats, $7 fired, $8 next_actions, $9 next_ats, $10 ended_ats
UPDATE case_deadline d SET history = n.history::jsonb, calendar_version = n.calendar_version,
  due_at = n.due_at, fired = string_to_array(n.fired, ','), next_action = n.next_action,
  next_at = n.next_at, ended_at = n.ended_at
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::bytea[], $6::timestamptz[],
  $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[])
  AS n (case_id, name, round, history, calendar_version, due_at, fired, next_action, next_at, ended_at)
WHERE d.case_id = n.case_id AND d.name = n.name AND d.round = n.round;

-- take_due --
-- Cases of which something is due, the longest due first; their files are held, others' left.
-- roles: web worker
-- $1 now, $2 ends of windows until, $3 case_ids to leave, $4 limit
SELECT d.case_id FROM case_deadline d JOIN case_file f ON f.id = d.case_id
WHERE d.next_at <= $1
  AND (d.due_at <= $2 OR d.due_at > $1 OR d.terms ->> 'direction' <> 'their window')
  AND d.case_id <> ALL($3::uuid[])
ORDER BY d.next_at, d.case_id, d.name LIMIT $4 FOR UPDATE OF f SKIP LOCKED;

-- due_of --
-- What is due of cases that are held, as it stands now, the longest due first.
-- roles: operator web worker
-- $1 case_ids, $2 now, $3 ends of windows until, $4 limit
SELECT case_id, name, round, terms::text AS terms, plan::text AS plan, calendar_id, calendar_version,
  zone, started_at, no_earlier_than, no_later_than, history::text AS history, due_at, fired,
  next_action, next_at, ended_at
FROM case_deadline
WHERE case_id = ANY($1::uuid[]) AND next_at <= $2
  AND (due_at <= $3 OR due_at > $2 OR terms ->> 'direction' <> 'their window')
ORDER BY next_at, case_id, name LIMIT $4;

-- by_calendar --
-- Running deadlines by other versions of a calendar, a page of cases behind one.
-- roles: operator web worker
-- $1 calendar_id, $2 calendar_version, $3 after, $4 limit
SELECT case_id, name, round, terms::text AS terms, plan::text AS plan, calendar_id, calendar_version,
  zone, started_at, no_earlier_than, no_later_than, history::text AS history, due_at, fired,
  next_action, next_at, ended_at
FROM case_deadline
WHERE case_id IN (
    SELECT case_id FROM case_deadline
    WHERE next_at IS NOT NULL AND calendar_id = $1 AND calendar_version <> $2 AND case_id > $3
    ORDER BY case_id LIMIT $4)
  AND next_at IS NOT NULL AND calendar_id = $1 AND calendar_version <> $2
ORDER BY case_id, name;
