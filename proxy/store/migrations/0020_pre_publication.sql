-- Instructions to publish fields of a person, as API and worker see them: a mirror of what the
-- vault keeps in its own state, which alone decides. Names of fields and times; no person.
-- squawk-ignore-file require-concurrent-index-creation
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE publication (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  id uuid NOT NULL,
  record_version integer NOT NULL CONSTRAINT publication_version CHECK (record_version > 0),
  fields text[] NOT NULL CONSTRAINT publication_fields CHECK (cardinality(fields) BETWEEN 1 AND 64),
  standing text NOT NULL DEFAULT 'waiting' CONSTRAINT publication_standing CHECK
    (standing IN ('waiting', 'published', 'objected', 'withdrawn', 'replaced', 'undeliverable',
                  'changed', 'too_large', 'lapsed')),
  instructed_at timestamptz NOT NULL,
  letter_id uuid, -- the notice to the registrant, once it is queued
  not_before timestamptz, -- as the vault said; nothing is decided by it
  look_at timestamptz NOT NULL, -- when a worker asks the vault next
  published_at timestamptz,
  left_out text[] NOT NULL DEFAULT '{}', -- fields that looked personal
  ended_at timestamptz,
  is_told boolean NOT NULL DEFAULT false, -- the vault knows that it ended
  PRIMARY KEY (tenant_id, registration_id, id),
  CONSTRAINT publication_registration FOREIGN KEY (tenant_id, registration_id)
    REFERENCES registration ON DELETE CASCADE,
  CONSTRAINT publication_ended
    CHECK ((ended_at IS NULL) = (standing IN ('waiting', 'published')))
);
CREATE UNIQUE INDEX publication_open ON publication (tenant_id, registration_id)
  WHERE ended_at IS NULL;
CREATE INDEX publication_due ON publication (look_at) WHERE ended_at IS NULL;
CREATE INDEX publication_untold ON publication (ended_at) WHERE ended_at IS NOT NULL AND NOT is_told;
CREATE INDEX publication_lettered ON publication (instructed_at)
  WHERE letter_id IS NOT NULL AND ended_at IS NULL;

-- Whatever statement changes contacts, mode or speaker ends what was published of them, whoever's
-- it is. They run as the owner: nobody has to remember it.
CREATE FUNCTION publication_unfit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE publication SET standing = 'changed', ended_at = NEW.changed_at
  WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER registration_publication_unfit AFTER UPDATE ON registration FOR EACH ROW
  WHEN (OLD.record_version <> NEW.record_version
        OR OLD.declared ->> 'mode' IS DISTINCT FROM NEW.declared ->> 'mode'
        OR (OLD.state <> NEW.state AND NEW.state NOT IN ('active', 'ending')))
  EXECUTE FUNCTION publication_unfit();

-- Its registrar is told where an instruction stands, as of everything that happens to a name. Who
-- moves one holds the registration's row, so that events of a name keep their order.
CREATE FUNCTION event_publication() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, body, at)
  SELECT gen_random_uuid(), kept.tenant_id, 'registration.publication_' || NEW.standing, kept.id,
         kept.domain, kept.declared ->> 'reseller',
         event_body(kept.id, kept.domain, kept.revision, kept.state, kept.end_reason,
                    kept.declared),
         coalesce(NEW.ended_at, NEW.published_at, NEW.look_at)
  FROM registration kept
  WHERE kept.tenant_id = NEW.tenant_id AND kept.id = NEW.registration_id;
  RETURN NULL;
END $$;
CREATE TRIGGER publication_event AFTER UPDATE ON publication FOR EACH ROW
  WHEN (OLD.standing <> NEW.standing) EXECUTE FUNCTION event_publication();
