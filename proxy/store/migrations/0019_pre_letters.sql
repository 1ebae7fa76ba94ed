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
CREATE INDEX notice_letters ON notice (queued_at, id) WHERE case_id IS NULL;
-- Notices of cases go first; they are few, and many letters may wait beside them.
CREATE INDEX notice_cases_waiting ON notice (try_after, id)
  WHERE try_after IS NOT NULL AND case_id IS NOT NULL;

-- Cases are told what became of their notices; who had a letter sent looks at its row.
DROP INDEX notice_untold;
CREATE INDEX notice_untold ON notice (id) WHERE case_id IS NOT NULL AND
  (((delivered_at IS NOT NULL OR acknowledged_at IS NOT NULL) AND delivery_told_at IS NULL)
   OR (bounced_at IS NOT NULL AND bounce_told_at IS NULL));

-- As before, and what a letter is about stays as well. No case rests on a letter: one that is done
-- with goes after some months; a case's notice never does.
CREATE OR REPLACE FUNCTION refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.case_id IS NULL AND OLD.try_after IS NULL
       AND OLD.queued_at < statement_timestamp() - interval '90 days' THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was said or proven of a notice stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.case_id, NEW.tenant_id, NEW.registration_id, NEW.kind, NEW.template,
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

-- Verifications of registrants' own addresses (WHOIS Accuracy Program), where a profile asks for
-- them: one row a registration, of its newest contacts. It goes when the registration ends.
CREATE TABLE email_verification (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  record_version integer NOT NULL,
  state text NOT NULL DEFAULT 'asked' CONSTRAINT email_verification_state CHECK (state IN
    ('asked', 'verified', 'by_registrar', 'undeliverable', 'overdue', 'ours')),
  reason text NOT NULL DEFAULT ''
    CONSTRAINT email_verification_reason CHECK (reason ~ '^[a-z0-9_]{0,48}$'),
  asked_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  verified_at timestamptz,
  settled_at timestamptz,
  notice_id uuid,
  reminder_id uuid,
  look_at timestamptz,
  PRIMARY KEY (tenant_id, registration_id),
  CONSTRAINT email_verification_verified CHECK ((state = 'verified') = (verified_at IS NOT NULL)),
  CONSTRAINT email_verification_settled CHECK ((state = 'asked') = (settled_at IS NULL))
);
CREATE INDEX email_verification_look ON email_verification (look_at, registration_id)
  WHERE look_at IS NOT NULL;

-- Written by whatever statement writes registrations, so that no address is overlooked: a PUT, an
-- import, a claim that comes to speak, a reservation that becomes a name. A restored registration's
-- profile has lost what it asks for (store/restoring), so nobody is written to by a restore.
CREATE FUNCTION ask_for_email(
  tenant uuid, registration uuid, version int, declared jsonb, at timestamptz
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO email_verification
    (tenant_id, registration_id, record_version, asked_at, due_at, look_at)
  SELECT tenant, registration, version, at, at + interval '15 days', at
  FROM profile
  WHERE profile.tenant_id = tenant AND profile.id = declared ->> 'profile'
    AND profile.body ->> 'email_verification' = 'service' AND declared ->> 'created_at' IS NOT NULL
  ON CONFLICT (tenant_id, registration_id) DO UPDATE SET
    record_version = excluded.record_version, state = 'asked', reason = '',
    asked_at = excluded.asked_at, due_at = excluded.due_at, verified_at = NULL,
    settled_at = NULL, notice_id = NULL, reminder_id = NULL, look_at = excluded.look_at
$$;
CREATE FUNCTION email_enrolled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM profile
             WHERE tenant_id IN (SELECT one.tenant_id FROM enrolled one)
               AND body ->> 'email_verification' = 'service') THEN
    PERFORM ask_for_email(one.tenant_id, one.id, one.record_version, one.declared, one.changed_at)
    FROM enrolled one WHERE one.state = 'active';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION email_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.state = 'ended' THEN
    DELETE FROM email_verification
    WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.id;
  ELSE
    PERFORM ask_for_email(NEW.tenant_id, NEW.id, NEW.record_version, NEW.declared, NEW.changed_at);
    -- Nobody asks any more: what was known is of other contacts.
    DELETE FROM email_verification
    WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.id
      AND record_version <> NEW.record_version;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER registration_email_enrolled AFTER INSERT ON registration
  REFERENCING NEW TABLE AS enrolled FOR EACH STATEMENT EXECUTE FUNCTION email_enrolled();
CREATE TRIGGER registration_email_changed AFTER UPDATE ON registration FOR EACH ROW
  WHEN (NEW.state = 'ended' AND OLD.state <> 'ended'
        OR NEW.state = 'active' AND (OLD.state IN ('reserved', 'claimed')
                                     OR OLD.record_version <> NEW.record_version))
  EXECUTE FUNCTION email_changed();

-- What becomes known of a letter brings its verification forward.
CREATE FUNCTION email_letter_known() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE email_verification SET look_at = asked_at
  WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.registration_id
    AND NEW.id IN (notice_id, reminder_id);
  RETURN NULL;
END $$;
CREATE TRIGGER notice_email_known AFTER UPDATE ON notice FOR EACH ROW
  WHEN (NEW.kind = 'email_verification' AND NEW.case_id IS NULL
        AND (NEW.state IN ('bounced', 'withheld') AND OLD.state <> NEW.state
             OR NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at))
  EXECUTE FUNCTION email_letter_known();

-- The registrar is told where an address stands now, as it is told of all else. Whoever settles one
-- holds its registration: so events of one name keep their order.
CREATE FUNCTION event_email() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, body, at)
  SELECT gen_random_uuid(), kept.tenant_id,
         CASE NEW.state WHEN 'verified' THEN 'registration.email_verified'
                        WHEN 'undeliverable' THEN 'registration.email_undeliverable'
                        ELSE 'registration.email_unverified' END,
         kept.id, kept.domain, kept.declared ->> 'reseller',
         event_body(kept.id, kept.domain, kept.revision, kept.state, NEW.reason, kept.declared),
         NEW.settled_at
  FROM registration kept
  WHERE kept.tenant_id = NEW.tenant_id AND kept.id = NEW.registration_id;
  RETURN NULL;
END $$;
CREATE TRIGGER email_verification_event AFTER UPDATE ON email_verification FOR EACH ROW
  WHEN (NEW.state <> OLD.state AND NEW.state IN ('verified', 'undeliverable', 'overdue', 'ours'))
  EXECUTE FUNCTION event_email();
