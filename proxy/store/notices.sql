-- The outbox of notices: what waits, who has it in hand, what became of it.

-- queue --
-- A notice that has to go out.
-- roles: worker web
-- $1 id, $2 case_id, $3 template, $4 to, $5 facts, $6 purpose, $7 subject, $8 now, $9 not_before
INSERT INTO notice (id, case_id, template, to_party, facts, purpose, subject, queued_at, not_before,
  try_after)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $9);

-- queue_letters --
-- Letters that have to go out: notices of no case. One that is there already stays as it is.
-- roles: worker
-- $1 ids, $2 tenants, $3 registrations, $4 kinds, $5 templates, $6 facts, $7 purposes,
-- $8 subjects, $9 now
INSERT INTO notice (id, tenant_id, registration_id, kind, template, to_party, facts, purpose,
  subject, queued_at, not_before, try_after)
SELECT row.id, row.tenant_id, row.registration_id, row.kind, row.template, 'registrant',
       row.facts::jsonb, row.purpose, row.subject, $9, $9, $9
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[])
  AS row (id, tenant_id, registration_id, kind, template, facts, purpose, subject)
ON CONFLICT (id) DO NOTHING;

-- take --
-- Notices that are due, the longest due first, now in the taker's hand until $2. Those of cases
-- come before letters: their terms run, and a registrar's import may have many thousand letters wait.
-- roles: relay
-- $1 now, $2 until, $3 mail domain, $4 limit
WITH of_cases AS (
  SELECT 1 AS turn, try_after, id FROM notice WHERE try_after <= $1 AND case_id IS NOT NULL
  ORDER BY try_after, id LIMIT $4 FOR UPDATE SKIP LOCKED
), letters AS (
  SELECT 2 AS turn, try_after, id FROM notice WHERE try_after <= $1 AND case_id IS NULL
  ORDER BY try_after, id LIMIT $4 FOR UPDATE SKIP LOCKED
), due AS (
  SELECT id FROM (SELECT * FROM of_cases UNION ALL SELECT * FROM letters) AS either
  ORDER BY turn, try_after, id LIMIT $4
)
UPDATE notice n SET state = 'sending', attempts = n.attempts + 1, try_after = $2,
  message_id = coalesce(n.message_id, n.id::text || '@' || $3::text)
FROM due WHERE n.id = due.id
RETURNING n.id, n.case_id, n.tenant_id, n.registration_id, n.kind, n.template, n.to_party, n.facts::text AS facts, n.purpose, n.subject,
  n.message_id, n.attempts, n.failing_since;

-- note_language --
-- In what words a notice was sent.
-- roles: relay
-- $1 id, $2 template version, $3 language
UPDATE notice SET template_version = $2, language = $3 WHERE id = $1;

-- note_accepted --
-- The recipient's exchanger took a notice; nothing is proven of one that bounced before.
-- roles: relay
-- $1 id, $2 now, $3 reply
UPDATE notice SET state = 'delivered', delivered_at = $2, handed_at = coalesce(handed_at, $2),
  try_after = NULL, reason = '', reply = $3
WHERE id = $1 AND delivered_at IS NULL AND bounced_at IS NULL AND attempts > 0;

-- note_handed --
-- Our route took a notice.
-- roles: relay
-- $1 id, $2 now, $3 reply
UPDATE notice SET state = 'handed', handed_at = coalesce(handed_at, $2), try_after = NULL,
  reason = '', reply = $3
WHERE id = $1 AND state IN ('queued', 'sending');

-- note_retry --
-- A try came to nothing; another follows.
-- roles: relay
-- $1 id, $2 attempt, $3 try_after, $4 reason, $5 reply, $6 failing_since
UPDATE notice SET state = 'queued', try_after = $3, reason = $4, reply = $5,
  failing_since = coalesce(failing_since, $6)
WHERE id = $1 AND state = 'sending' AND attempts = $2;

-- note_bounced --
-- A notice can not be delivered, or came back, for the first time.
-- roles: relay
-- $1 id, $2 now, $3 reason, $4 reply
UPDATE notice SET state = 'bounced', bounced_at = $2, try_after = NULL, reason = $3, reply = $4
WHERE id = $1 AND bounced_at IS NULL AND attempts > 0;

-- note_reported --
-- A report with our token says that the recipient's host took what our route had.
-- roles: relay
-- $1 id, $2 now
UPDATE notice SET state = 'delivered', delivered_at = $2, reason = '', try_after = NULL
WHERE id = $1 AND handed_at IS NOT NULL AND delivered_at IS NULL AND bounced_at IS NULL;

-- note_withheld --
-- The vault forbids a notice.
-- roles: relay
-- $1 id, $2 attempt, $3 reason
UPDATE notice SET state = 'withheld', try_after = NULL, reason = $3
WHERE id = $1 AND state = 'sending' AND attempts = $2;

-- give_up_unproven --
-- Notices that our route took long ago and nobody speaks of: no proof will come.
-- roles: relay
-- $1 handed before, $2 now, $3 limit
WITH silent AS (
  SELECT id FROM notice WHERE state = 'handed' AND handed_at < $1 AND acknowledged_at IS NULL
  ORDER BY handed_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE notice n SET state = 'bounced', bounced_at = $2, reason = 'unproven'
FROM silent WHERE n.id = silent.id;

-- acknowledge --
-- The link of a notice was followed.
-- roles: web
-- $1 id, $2 case_id, $3 now
UPDATE notice SET acknowledged_at = $3
WHERE id = $1 AND case_id = $2 AND acknowledged_at IS NULL AND attempts > 0;

-- acknowledge_letter --
-- The deed of a letter's link was done.
-- roles: web
-- $1 id, $2 tenant_id, $3 registration_id, $4 now
UPDATE notice SET acknowledged_at = $4
WHERE id = $1 AND tenant_id = $2 AND registration_id = $3 AND case_id IS NULL
  AND acknowledged_at IS NULL AND attempts > 0;

-- take_untold --
-- The next notice of a case behind one of which something is known that its case does not know.
-- roles: worker
-- $1 after
SELECT id, case_id, template, to_party, delivered_at, acknowledged_at, bounced_at, reason,
  delivery_told_at IS NOT NULL AS is_delivery_told, bounce_told_at IS NOT NULL AS is_bounce_told
FROM notice
WHERE id > $1 AND case_id IS NOT NULL AND
  (((delivered_at IS NOT NULL OR acknowledged_at IS NOT NULL) AND delivery_told_at IS NULL
    AND (bounced_at IS NULL OR acknowledged_at IS NOT NULL))
   OR (bounced_at IS NOT NULL AND bounce_told_at IS NULL))
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- tell --
-- The case of a notice knows now.
-- roles: worker
-- $1 id, $2 is the delivery told, $3 is the bounce told, $4 now
UPDATE notice SET
  delivery_told_at = CASE WHEN $2 THEN coalesce(delivery_told_at, $4) ELSE delivery_told_at END,
  bounce_told_at = CASE WHEN $3 THEN coalesce(bounce_told_at, $4) ELSE bounce_told_at END
WHERE id = $1;

-- of_case --
-- The notices of a case, oldest first.
-- roles: web worker operator
-- $1 case_id, $2 limit
SELECT id, template, template_version, to_party, language, purpose, state, attempts, queued_at,
  not_before, reason, reply, delivered_at, acknowledged_at, bounced_at
FROM notice WHERE case_id = $1 ORDER BY queued_at, id LIMIT $2;

-- levels --
-- How many notices wait, since when the oldest of them, and how many are handed over unproven.
-- roles: operator relay worker
-- $1 now
SELECT count(*) FILTER (WHERE try_after <= $1) AS due,
  count(*) FILTER (WHERE try_after IS NOT NULL) AS waiting,
  min(queued_at) FILTER (WHERE try_after IS NOT NULL AND not_before <= $1) AS oldest,
  count(*) FILTER (WHERE state = 'handed') AS unproven
FROM notice WHERE try_after IS NOT NULL OR state = 'handed';
