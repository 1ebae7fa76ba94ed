-- Escrow deposits: the cursor of each, moved together with its entry in the ledger.

-- find_latest --
-- The newest deposit of a stream by slot, missed ones included; of one slot the one made last.
-- roles: escrow operator
-- $1 tenant_id, $2 stream
SELECT tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent, made_at, step,
  watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts, try_after, reason,
  staged_at, delivered_at, verified_at, receipt_sha256, drilled_at
FROM deposit WHERE tenant_id = $1 AND stream = $2
ORDER BY slot DESC, made_at DESC, resend DESC LIMIT 1;

-- find_open --
-- The deposit of a stream that we have still to do something for.
-- roles: escrow operator
-- $1 tenant_id, $2 stream
SELECT tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent, made_at, step,
  watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts, try_after, reason,
  staged_at, delivered_at, verified_at, receipt_sha256, drilled_at
FROM deposit WHERE tenant_id = $1 AND stream = $2 AND step IN ('staging', 'staged')
ORDER BY slot DESC LIMIT 1;

-- find_last --
-- The newest deposit of a stream that is of one of these kinds and at one of these steps.
-- roles: escrow operator
-- $1 tenant_id, $2 stream, $3 kinds, $4 steps
SELECT tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent, made_at, step,
  watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts, try_after, reason,
  staged_at, delivered_at, verified_at, receipt_sha256, drilled_at
FROM deposit
WHERE tenant_id = $1 AND stream = $2 AND kind = ANY($3::text[]) AND step = ANY($4::text[])
ORDER BY slot DESC, made_at DESC, resend DESC LIMIT 1;

-- find --
-- One deposit.
-- roles: escrow operator
-- $1 tenant_id, $2 id
SELECT tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent, made_at, step,
  watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts, try_after, reason,
  staged_at, delivered_at, verified_at, receipt_sha256, drilled_at
FROM deposit WHERE tenant_id = $1 AND id = $2;

-- list_stream --
-- The deposits of a stream, newest first.
-- roles: escrow operator
-- $1 tenant_id, $2 stream, $3 limit
SELECT tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent, made_at, step,
  watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts, try_after, reason,
  staged_at, delivered_at, verified_at, receipt_sha256, drilled_at
FROM deposit WHERE tenant_id = $1 AND stream = $2
ORDER BY slot DESC, made_at DESC, resend DESC LIMIT $3;

-- list_recent --
-- The deposits of all streams, newest first.
-- roles: escrow operator
-- $1 limit
SELECT tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent, made_at, step,
  watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts, try_after, reason,
  staged_at, delivered_at, verified_at, receipt_sha256, drilled_at
FROM deposit ORDER BY slot DESC, made_at DESC, resend DESC, id LIMIT $1;

-- add --
-- A deposit, and what the ledger learns of it.
-- roles: escrow
-- $1 tenant_id, $2 id, $3 stream, $4 kind, $5 slot, $6 sequence, $7 resend, $8 since, $9 previous,
-- $10 agent, $11 made_at, $12 step, $13 watermark, $14 fingerprint, $15 manifest, $16 its hash,
-- $17 delivered_files, $18 attempts, $19 try_after, $20 reason, $21 staged_at, $22 delivered_at,
-- $23 verified_at, $24 receipt_sha256, $25 drilled_at
-- ledger: $26 id or NULL, $27 tenant_id, $28 subject, $29 kind, $30 facts, $31 at
WITH added AS (
  INSERT INTO deposit (tenant_id, id, stream, kind, slot, sequence, resend, since, previous, agent,
    made_at, step, watermark, fingerprint, manifest, manifest_sha256, delivered_files, attempts,
    try_after, reason, staged_at, delivered_at, verified_at, receipt_sha256, drilled_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22, $23, $24, $25)
)
INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
SELECT $26::uuid, $27::uuid, $28::text, $29::text, $30::text::jsonb, $31::timestamptz
WHERE $26::uuid IS NOT NULL;

-- advance --
-- Moves a deposit on if it is where it was expected, and tells the ledger; how many it moved.
-- roles: escrow
-- $1 tenant_id, $2 id, $3 expected step, $4 step, $5 watermark, $6 fingerprint, $7 manifest,
-- $8 its hash, $9 delivered_files, $10 attempts, $11 try_after, $12 reason, $13 staged_at,
-- $14 delivered_at, $15 verified_at, $16 receipt_sha256, $17 drilled_at
-- ledger: $18 id or NULL, $19 tenant_id, $20 subject, $21 kind, $22 facts, $23 at
WITH moved AS (
  UPDATE deposit SET step = $4, watermark = $5, fingerprint = $6, manifest = $7,
    manifest_sha256 = $8, delivered_files = $9, attempts = $10, try_after = $11, reason = $12,
    staged_at = $13, delivered_at = $14, verified_at = $15, receipt_sha256 = $16, drilled_at = $17
  WHERE tenant_id = $1 AND id = $2 AND step = $3
  RETURNING id
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $18::uuid, $19::uuid, $20::text, $21::text, $22::text::jsonb, $23::timestamptz
  FROM moved WHERE $18::uuid IS NOT NULL
)
SELECT count(*) AS moved FROM moved;

-- note_missed --
-- Slots that passed unused, each with its entry; those that were noted before stay as they are.
-- roles: escrow
-- $1 tenant_id, $2 ids, $3 streams, $4 kinds, $5 slots, $6 sequences, $7 agents, $8 made_ats,
-- $9 reasons
-- ledger: $10 ids, $11 subjects, $12 kinds, $13 facts, $14 ats
WITH given AS (
  SELECT n.id, n.stream, n.kind, n.slot, n.sequence, n.agent, n.made_at, n.reason, n.entry_id,
         n.subject, n.entry_kind, n.facts, n.at
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::text[],
              $8::timestamptz[], $9::text[], $10::uuid[], $11::text[], $12::text[], $13::text[],
              $14::timestamptz[])
    AS n (id, stream, kind, slot, sequence, agent, made_at, reason, entry_id, subject, entry_kind,
          facts, at)
), missed AS (
  INSERT INTO deposit (tenant_id, id, stream, kind, slot, sequence, resend, agent, made_at, step,
    delivered_files, attempts, reason)
  SELECT $1, given.id, given.stream, given.kind, given.slot, given.sequence, 0, given.agent,
         given.made_at, 'missed', 0, 0, given.reason
  FROM given
  ON CONFLICT (tenant_id, stream, slot) WHERE step = 'missed' DO NOTHING
  RETURNING id
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT given.entry_id, $1, given.subject, given.entry_kind, given.facts::jsonb, given.at
  FROM given JOIN missed ON missed.id = given.id
)
SELECT count(*) AS missed FROM missed;

-- lock --
-- Whether this session now holds a stream; it holds it until it lets go or ends.
-- roles: escrow operator
-- $1 whose lock it is, $2 stream
SELECT pg_try_advisory_lock($1, hashtext($2)) AS held;

-- unlock --
-- Lets go of a stream.
-- roles: escrow operator
-- $1 whose lock it is, $2 stream
SELECT pg_advisory_unlock($1, hashtext($2)) AS let_go;
