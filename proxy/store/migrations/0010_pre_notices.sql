-- Notices: the outbox of what is sent to registrants and requesters, and what became of it.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE notice (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES case_file (id),
  template text NOT NULL CONSTRAINT notice_template CHECK (template ~ '^[a-z][a-z0-9_]{0,63}$'),
  to_party text NOT NULL CONSTRAINT notice_to CHECK (to_party IN ('registrant', 'requester')),
  facts jsonb NOT NULL CONSTRAINT notice_facts
    CHECK (jsonb_typeof(facts) = 'object' AND octet_length(facts::text) <= 16384),
  purpose text NOT NULL DEFAULT '' CONSTRAINT notice_purpose CHECK (purpose ~ '^[a-z0-9_]{0,48}$'),
  subject text NOT NULL DEFAULT '' CONSTRAINT notice_subject CHECK (length(subject) <= 64),
  queued_at timestamptz NOT NULL,
  not_before timestamptz NOT NULL,
  -- what the relay notes
  state text NOT NULL DEFAULT 'queued' CONSTRAINT notice_state CHECK
    (state IN ('queued', 'sending', 'handed', 'delivered', 'bounced', 'withheld')),
  attempts integer NOT NULL DEFAULT 0 CONSTRAINT notice_attempts CHECK (attempts >= 0),
  try_after timestamptz,
  reason text NOT NULL DEFAULT '' CONSTRAINT notice_reason CHECK (reason ~ '^[a-z0-9_]{0,48}$'),
  reply integer NOT NULL DEFAULT 0 CONSTRAINT notice_reply CHECK (reply BETWEEN 0 AND 599),
  failing_since timestamptz,
  message_id text CONSTRAINT notice_message_id CHECK (length(message_id) <= 320),
  template_version integer,
  language text CONSTRAINT notice_language CHECK (language ~ '^[a-zA-Z0-9-]{1,35}$'),
  handed_at timestamptz,
  delivered_at timestamptz,
  bounced_at timestamptz,
  -- what the web notes: its link was followed
  acknowledged_at timestamptz,
  -- what the worker notes: its case knows
  delivery_told_at timestamptz,
  bounce_told_at timestamptz,
  CONSTRAINT notice_due CHECK ((state IN ('queued', 'sending')) = (try_after IS NOT NULL)),
  CONSTRAINT notice_delivery_told CHECK (delivery_told_at IS NULL OR
    delivered_at IS NOT NULL OR acknowledged_at IS NOT NULL),
  CONSTRAINT notice_bounce_told CHECK (bounce_told_at IS NULL OR bounced_at IS NOT NULL)
);
CREATE INDEX notice_waiting ON notice (try_after, id) WHERE try_after IS NOT NULL;
CREATE INDEX notice_unproven ON notice (handed_at, id) WHERE state = 'handed';
CREATE INDEX notice_by_case ON notice (case_id, queued_at);
CREATE INDEX notice_untold ON notice (id) WHERE
  ((delivered_at IS NOT NULL OR acknowledged_at IS NOT NULL) AND delivery_told_at IS NULL)
  OR (bounced_at IS NOT NULL AND bounce_told_at IS NULL);

-- What a notice says never changes, and what is proven or told stays so: whoever may write a
-- column can not take back, or move in time, what a deadline was counted by.
CREATE FUNCTION refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR (NEW.id, NEW.case_id, NEW.template, NEW.to_party, NEW.facts, NEW.purpose, NEW.subject,
         NEW.queued_at, NEW.not_before)
        IS DISTINCT FROM (OLD.id, OLD.case_id, OLD.template, OLD.to_party, OLD.facts, OLD.purpose,
         OLD.subject, OLD.queued_at, OLD.not_before)
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
CREATE TRIGGER notice_keeps BEFORE DELETE OR UPDATE ON notice
  FOR EACH ROW EXECUTE FUNCTION refuse_notice_change();
