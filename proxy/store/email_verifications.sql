-- Verifications of registrants' addresses. Rows come by triggers on registrations (migration 0019),
-- and go with them; the worker moves them on.

-- find --
-- How the address of a registration stands.
-- roles: api operator vault worker
-- $1 tenant_id, $2 registration_id
SELECT record_version, state, asked_at, due_at, verified_at, settled_at, reason
FROM email_verification WHERE tenant_id = $1 AND registration_id = $2;

-- relay_domains --
-- The domains of our own masks.
-- roles: api operator vault worker
-- no arguments
SELECT DISTINCT body ->> 'relay_domain' AS domain FROM profile ORDER BY 1 LIMIT 100000;

-- hold --
-- Verifications to be looked at, the longest due first, held with their registrations: who writes
-- one waits, and one that is being written is left for the next round.
-- roles: worker
-- $1 now, $2 limit
SELECT one.tenant_id, one.registration_id
FROM email_verification one
JOIN registration kept ON kept.tenant_id = one.tenant_id AND kept.id = one.registration_id
WHERE one.look_at <= $1
ORDER BY one.look_at, one.registration_id LIMIT $2
FOR NO KEY UPDATE OF one, kept SKIP LOCKED;

-- take --
-- Those that are held, with their letters. A statement of its own: what became known of a letter
-- before they were held is seen here, and what becomes known from then on waits, and has them looked
-- at again.
-- roles: operator worker
-- $1 tenant_ids, $2 registration_ids
SELECT one.tenant_id, one.registration_id, kept.domain, one.record_version, one.state,
       one.asked_at, one.due_at, one.verified_at, one.settled_at, one.reason, one.notice_id, one.reminder_id,
       coalesce((SELECT profile.body ->> 'email_verification' FROM profile
                 WHERE profile.tenant_id = kept.tenant_id
                   AND profile.id = kept.declared ->> 'profile'), '') = 'service' AS is_on,
       first.state AS first_state, first.reason AS first_reason,
       first.bounced_at AS first_bounced_at, first.acknowledged_at AS first_acknowledged_at,
       second.state AS second_state, second.reason AS second_reason,
       second.bounced_at AS second_bounced_at, second.acknowledged_at AS second_acknowledged_at
FROM unnest($1::uuid[], $2::uuid[]) AS held (tenant_id, registration_id)
JOIN email_verification one
  ON one.tenant_id = held.tenant_id AND one.registration_id = held.registration_id
JOIN registration kept ON kept.tenant_id = one.tenant_id AND kept.id = one.registration_id
LEFT JOIN notice first ON first.id = one.notice_id
LEFT JOIN notice second ON second.id = one.reminder_id
ORDER BY one.look_at, one.registration_id;

-- keep --
-- Where a verification stands, its letters, and when to look again.
-- roles: worker
-- $1 tenant_id, $2 registration_id, $3 record_version, $4 state, $5 reason, $6 verified_at,
-- $7 notice_id, $8 reminder_id, $9 look_at, $10 settled_at
UPDATE email_verification SET state = $4, reason = $5, verified_at = $6, notice_id = $7,
  reminder_id = $8, look_at = $9, settled_at = $10
WHERE tenant_id = $1 AND registration_id = $2 AND record_version = $3;

-- drop --
-- The profile asks for no verification any more.
-- roles: worker
-- $1 tenant_id, $2 registration_id
DELETE FROM email_verification WHERE tenant_id = $1 AND registration_id = $2;
