-- Where registrars want their events sent, and what was not taken there.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- `epoch` and `pos` are a cursor of the feed of events (store/events): everything up to there was
-- delivered or is a letter. Secrets are derived, and stand nowhere (wire/webhook_message).
CREATE TABLE webhook (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant,
  url text NOT NULL CONSTRAINT webhook_url CHECK (length(url) BETWEEN 8 AND 2000),
  reseller text,
  state text NOT NULL CONSTRAINT webhook_state CHECK (state IN ('on', 'paused', 'gone')),
  secret_version integer NOT NULL CONSTRAINT webhook_secret CHECK (secret_version > 0),
  former_until timestamptz,
  epoch bigint NOT NULL,
  pos bigint NOT NULL,
  failing_since timestamptz,
  reason text NOT NULL DEFAULT '',
  next_try timestamptz NOT NULL,
  lease uuid,
  leased_until timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX webhook_of_tenant ON webhook (tenant_id, id);

-- An event that was refused, or that waits behind one of the same name that was. It goes with its
-- event, and with its webhook.
CREATE TABLE webhook_letter (
  webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
  pos bigint NOT NULL,
  event_id uuid NOT NULL REFERENCES event ON DELETE CASCADE,
  domain text NOT NULL,
  tries integer NOT NULL,
  next_try timestamptz NOT NULL,
  reason text NOT NULL,
  dead_at timestamptz,
  PRIMARY KEY (webhook_id, pos)
);
CREATE INDEX webhook_letter_living ON webhook_letter (webhook_id, domain, pos)
  WHERE dead_at IS NULL;
CREATE INDEX webhook_letter_of_event ON webhook_letter (event_id);
