-- Letters: notices of no case. A notice is about a case, or about a registration for a reason.
-- The outbox is small and its rows are short: what checks and indexes it here takes a blink.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation
-- squawk-ignore-file require-concurrent-index-deletion
SET lock_timeout = '5s';
SET statement_timeout = '60s';

ALTER TABLE notice
  ALTER COLUMN case_id DROP NOT NULL,
  ADD COLUMN tenant_id uuid,
  ADD COLUMN registration_id uuid,
  ADD COLUMN kind text CONSTRAINT notice_kind CHECK (kind ~ '^[a-z][a-z0-9_]{0,47}$');
ALTER TABLE notice
  ADD CONSTRAINT notice_about CHECK (CASE WHEN case_id IS NULL
    THEN num_nulls(tenant_id, registration_id, kind) = 0 AND to_party = 'registrant'
    ELSE num_nonnulls(tenant_id, registration_id, kind) = 0 END);
CREATE INDEX notice_of_registration ON notice (tenant_id, registration_id, queued_at)
  WHERE case_id IS NULL;

-- Cases are told what became of their notices; who had a letter sent looks at its row.
DROP INDEX notice_untold;
CREATE INDEX notice_untold ON notice (id) WHERE case_id IS NOT NULL AND
  (((delivered_at IS NOT NULL OR acknowledged_at IS NOT NULL) AND delivery_told_at IS NULL)
   OR (bounced_at IS NOT NULL AND bounce_told_at IS NULL));

-- As before, and what a letter is about stays as well.
CREATE OR REPLACE FUNCTION refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR (NEW.id, NEW.case_id, NEW.tenant_id, NEW.registration_id, NEW.kind, NEW.template,
         NEW.to_party, NEW.facts, NEW.purpose, NEW.subject, NEW.queued_at, NEW.not_before)
        IS DISTINCT FROM (OLD.id, OLD.case_id, OLD.tenant_id, OLD.registration_id, OLD.kind,
         OLD.template, OLD.to_party, OLD.facts, OLD.purpose, OLD.subject, OLD.queued_at,
         OLD.not_before)
     OR OLD.message_id IS NOT NULL AND NEW.message_id IS DISTINCT FROM OLD.message_id
     OR OLD.failing_since IS NOT NULL AND NEW.failing_since IS DISTINCT FROM OLD.failing_since
     OR OLD.handed_at IS NOT NULL AND NEW.handed_at IS DISTINCT FROM OLD.handed_at
     OR OLD.delivered_at IS NOT NULL AND NEW.delivered_at IS DISTINCT FROM OLD.delivered_at
     OR OLD.bounced_at IS NOT NULL AND NEW.bounced_at IS DISTINCT FROM OLD.bounced_at
     OR OLD.acknowledged_at IS NOT NULL AND NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at
     OR OLD.delivery_told_at IS NOT NULL AND NEW.delivery_told_at IS DISTINCT FROM OLD.delivery_told_at
     OR OLD.bounce_told_at IS NOT NULL AND NEW.bounce_told_at IS DISTINCT FROM OLD.bounce_told_at
  THEN
    RAISE EXCEPTION 'what was said or proven of a notice stays' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
