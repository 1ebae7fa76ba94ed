-- Staff: people by handle, passwords as hashes, keys, sessions, invitations, recoveries.

-- add --
-- Somebody new, invited; nothing happens where the handle is taken.
-- roles: operator
-- $1 person, $2 roles, $3 now
INSERT INTO staff (person, roles, state, created_at) VALUES ($1, $2, 'invited', $3)
ON CONFLICT (person) DO NOTHING RETURNING person;

-- find --
-- Somebody of staff.
-- roles: web operator
-- $1 person
SELECT person, roles, state, created_at, enrolled_at FROM staff WHERE person = $1;

-- lock --
-- The same, held until the transaction ends.
-- roles: web operator
-- $1 person
SELECT person, roles, state, created_at, enrolled_at FROM staff WHERE person = $1 FOR UPDATE;

-- page --
-- Everybody, by handle.
-- roles: web operator
-- $1 after, $2 limit
SELECT person, roles, state, created_at, enrolled_at FROM staff
WHERE person > $1 ORDER BY person LIMIT $2;

-- set_state --
-- Where somebody stands; a trigger refuses what only two administrators may do.
-- roles: web operator
-- $1 person, $2 state
UPDATE staff SET state = $2 WHERE person = $1;

-- set_roles --
-- What somebody does from now on.
-- roles: operator
-- $1 person, $2 roles
UPDATE staff SET roles = $2 WHERE person = $1;

-- enrol --
-- Somebody invited is active now.
-- roles: web
-- $1 person, $2 now
UPDATE staff SET state = 'active', enrolled_at = coalesce(enrolled_at, $2) WHERE person = $1;

-- invite --
-- An invitation of somebody who never enrolled.
-- roles: web operator
-- $1 code_sha256, $2 person, $3 now, $4 expires_at
INSERT INTO staff_invitation (code_sha256, person, made_at, expires_at) VALUES ($1, $2, $3, $4);

-- invite_again --
-- An invitation by a recovery that two administrators approved.
-- roles: web
-- $1 code_sha256, $2 person, $3 now, $4 expires_at, $5 recovery
INSERT INTO staff_invitation (code_sha256, person, made_at, expires_at, recovery)
VALUES ($1, $2, $3, $4, $5);

-- void_invitations --
-- Earlier invitations of somebody are good for nothing from now on.
-- roles: web operator
-- $1 person, $2 now
UPDATE staff_invitation SET used_at = $2 WHERE person = $1 AND used_at IS NULL;

-- is_invited --
-- Whether an invitation is somebody's, and good; an account that was in use needs a recovery.
-- roles: web
-- $1 person, $2 code_sha256, $3 now
SELECT count(*) FROM staff_invitation i JOIN staff p ON p.person = i.person
WHERE p.person = $1 AND i.code_sha256 = $2 AND i.used_at IS NULL AND i.expires_at > $3
  AND p.state = 'invited' AND (p.enrolled_at IS NULL OR i.recovery IS NOT NULL);

-- use_invitation --
-- Whose an invitation is, now used up; no row for one that is used, over or unknown.
-- roles: web
-- $1 code_sha256, $2 now
UPDATE staff_invitation SET used_at = $2
WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > $2
RETURNING person, recovery;

-- hashes --
-- Somebody's hashes, the newest first.
-- roles: web
-- $1 person, $2 limit
SELECT hash FROM staff_password WHERE person = $1 ORDER BY number DESC LIMIT $2;

-- add_hash --
-- A hash that is the one in use from now on: the highest number, whatever clocks do.
-- roles: web
-- $1 person, $2 now, $3 hash
INSERT INTO staff_password (person, number, set_at, hash)
SELECT $1, coalesce(max(number), 0) + 1, $2, $3 FROM staff_password WHERE person = $1;

-- replace_hash --
-- The same password under costlier parameters.
-- roles: web
-- $1 person, $2 old hash, $3 new hash
UPDATE staff_password SET hash = $3 WHERE person = $1 AND hash = $2;

-- forget_hashes --
-- Only the newest hashes are kept.
-- roles: web
-- $1 person, $2 kept
DELETE FROM staff_password WHERE person = $1 AND number NOT IN (
  SELECT number FROM staff_password WHERE person = $1 ORDER BY number DESC LIMIT $2);

-- keys --
-- Somebody's keys.
-- roles: web
-- $1 person, $2 limit
SELECT kind, public, credential FROM staff_key
WHERE person = $1 AND ended_at IS NULL ORDER BY id LIMIT $2;

-- add_key --
-- A key of somebody; one of theirs that was ended is good again.
-- roles: web
-- $1 person, $2 id, $3 kind, $4 public, $5 credential, $6 now
INSERT INTO staff_key (person, id, kind, public, credential, added_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person, id) DO UPDATE
SET credential = excluded.credential, added_at = excluded.added_at, ended_at = NULL;

-- end_keys --
-- Somebody's keys are good for nothing from now on.
-- roles: web
-- $1 person, $2 now
UPDATE staff_key SET ended_at = $2 WHERE person = $1 AND ended_at IS NULL;

-- add_challenge --
-- What somebody whose password was right has to sign.
-- roles: web
-- $1 attempt_sha256, $2 person, $3 nonce, $4 must_change, $5 expires_at
INSERT INTO staff_challenge (attempt_sha256, person, nonce, must_change, expires_at)
VALUES ($1, $2, $3, $4, $5);

-- take_challenge --
-- A challenge, gone now whatever comes of it.
-- roles: web
-- $1 attempt_sha256
DELETE FROM staff_challenge WHERE attempt_sha256 = $1
RETURNING person, nonce, must_change, expires_at;

-- forget_challenges --
-- Challenges of somebody, and those that nobody answered.
-- roles: web
-- $1 person or NULL, $2 now
DELETE FROM staff_challenge WHERE person = $1 OR expires_at <= $2;

-- add_session --
-- Somebody is signed in.
-- roles: web
-- $1 token_sha256, $2 person, $3 now, $4 level, $5 must_change
INSERT INTO staff_session (token_sha256, person, started_at, last_seen_at, level, must_change)
VALUES ($1, $2, $3, $3, $4, $5);

-- see_session --
-- Whose a session is, and that it was used; no row for one that is over.
-- roles: web
-- $1 token_sha256, $2 now, $3 started after, $4 seen after
UPDATE staff_session s SET last_seen_at = greatest(s.last_seen_at, $2)
FROM staff p
WHERE s.token_sha256 = $1 AND s.ended_at IS NULL AND s.started_at > $3 AND s.last_seen_at > $4
  AND p.person = s.person AND p.state = 'active'
RETURNING p.person, p.roles, s.level, s.must_change, s.started_at;

-- end_session --
-- A session is over.
-- roles: web
-- $1 token_sha256, $2 now
UPDATE staff_session SET ended_at = $2 WHERE token_sha256 = $1 AND ended_at IS NULL;

-- end_sessions --
-- All of somebody's sessions are over.
-- roles: web operator
-- $1 person, $2 now
UPDATE staff_session SET ended_at = $2 WHERE person = $1 AND ended_at IS NULL;

-- forget_sessions --
-- Sessions that began long ago.
-- roles: web
-- $1 started before
DELETE FROM staff_session WHERE started_at < $1;

-- open_recovery --
-- An administrator wants somebody to enrol anew; a second one must agree.
-- roles: web
-- $1 id, $2 person, $3 opened_by, $4 now, $5 expires_at
INSERT INTO staff_recovery (id, person, opened_by, opened_at, expires_at)
VALUES ($1, $2, $3, $4, $5);

-- waiting_recovery --
-- A recovery that nobody approved yet, held until the transaction ends.
-- roles: web
-- $1 id, $2 now
SELECT person, opened_by FROM staff_recovery
WHERE id = $1 AND approved_at IS NULL AND expires_at > $2 FOR UPDATE;

-- approve_recovery --
-- The second administrator agreed.
-- roles: web
-- $1 id, $2 approved_by, $3 now
UPDATE staff_recovery SET approved_by = $2, approved_at = $3 WHERE id = $1;

-- add_slowness --
-- A place to count failures in, where there is none.
-- roles: web
-- $1 kind, $2 slot, $3 now
INSERT INTO staff_slowness (kind, slot, failures, failed_at, blocked_until)
VALUES ($1, $2, 0, $3, $3) ON CONFLICT (kind, slot) DO NOTHING;

-- lock_slowness --
-- How often it failed, held until the transaction ends.
-- roles: web
-- $1 kind, $2 slot
SELECT failures, failed_at, blocked_until FROM staff_slowness
WHERE kind = $1 AND slot = $2 FOR UPDATE;

-- set_slowness --
-- How often it failed now.
-- roles: web
-- $1 kind, $2 slot, $3 failures, $4 failed_at, $5 blocked_until
UPDATE staff_slowness SET failures = $3, failed_at = $4, blocked_until = $5
WHERE kind = $1 AND slot = $2;

-- forget_slowness --
-- Counts that are long over.
-- roles: web
-- $1 failed before
DELETE FROM staff_slowness WHERE failed_at < $1 AND blocked_until < $1;

-- note --
-- A ledger entry about somebody of staff.
-- roles: web operator
-- $1 id, $2 person, $3 kind, $4 facts, $5 now
INSERT INTO ledger_entry (id, subject, kind, facts, at)
SELECT $1, 'staff/' || person, $3, $4::jsonb, $5 FROM staff WHERE person = $2;
