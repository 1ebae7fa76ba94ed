-- Disclosure packages: ciphertext on its way to one recipient, and who was given what until when.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE disclosure_package (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL CONSTRAINT disclosure_package_order UNIQUE,
  case_id uuid NOT NULL REFERENCES case_file (id),
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  state text NOT NULL DEFAULT 'built' CONSTRAINT disclosure_package_state CHECK
    (state IN ('built', 'released', 'collected', 'receipted', 'expired')),
  sha256 bytea NOT NULL CONSTRAINT disclosure_package_sha256 CHECK (length(sha256) = 32),
  octets integer NOT NULL CONSTRAINT disclosure_package_octets CHECK (octets > 0),
  content bytea CONSTRAINT disclosure_package_content
    CHECK (octet_length(content) BETWEEN 1 AND 4194304),
  copy_id text NOT NULL CONSTRAINT disclosure_package_copy CHECK (copy_id ~ '^[0-9A-Z-]{8,32}$'),
  recipient_openpgp text NOT NULL CONSTRAINT disclosure_package_recipient
    CHECK (recipient_openpgp ~ '^([0-9A-F]{40}|[0-9A-F]{64})?$'),
  recipient_sha256 bytea NOT NULL CONSTRAINT disclosure_package_recipient_sha256
    CHECK (length(recipient_sha256) = 32),
  releaser text NOT NULL CONSTRAINT disclosure_package_releaser
    CHECK (releaser ~ '^[a-z][a-z0-9-]{0,31}$'),
  fields text[] NOT NULL CONSTRAINT disclosure_package_fields
    CHECK (cardinality(fields) BETWEEN 1 AND 64),
  terms bytea NOT NULL CONSTRAINT disclosure_package_terms CHECK (length(terms) = 32),
  delete_by date NOT NULL,
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  released_at timestamptz,
  collected_at timestamptz,
  receipted_at timestamptz,
  expired_at timestamptz,
  CONSTRAINT disclosure_package_kept CHECK ((content IS NOT NULL) = (state IN ('built', 'released'))),
  CONSTRAINT disclosure_package_released CHECK (state IN ('built', 'expired') OR released_at IS NOT NULL),
  CONSTRAINT disclosure_package_collected
    CHECK ((collected_at IS NOT NULL) = (state IN ('collected', 'receipted'))),
  CONSTRAINT disclosure_package_receipted CHECK ((receipted_at IS NOT NULL) = (state = 'receipted')),
  CONSTRAINT disclosure_package_expired CHECK ((expired_at IS NOT NULL) = (state = 'expired'))
);
CREATE INDEX disclosure_package_open ON disclosure_package (expires_at, id)
  WHERE state IN ('built', 'released');
CREATE INDEX disclosure_package_by_case ON disclosure_package (case_id);

-- What a package is may change while it is nobody's but ours; after that it only moves on.
CREATE FUNCTION refuse_package_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR (NEW.order_id, NEW.case_id, NEW.tenant_id)
        IS DISTINCT FROM (OLD.order_id, OLD.case_id, OLD.tenant_id)
     OR OLD.state <> 'built' AND
        (NEW.id, NEW.sha256, NEW.octets, NEW.copy_id, NEW.recipient_openpgp, NEW.recipient_sha256,
         NEW.releaser, NEW.fields, NEW.terms, NEW.delete_by, NEW.made_at, NEW.released_at)
        IS DISTINCT FROM
        (OLD.id, OLD.sha256, OLD.octets, OLD.copy_id, OLD.recipient_openpgp, OLD.recipient_sha256,
         OLD.releaser, OLD.fields, OLD.terms, OLD.delete_by, OLD.made_at, OLD.released_at)
     OR OLD.state <> 'built' AND NEW.content IS NOT NULL AND NEW.content IS DISTINCT FROM OLD.content
     OR OLD.collected_at IS NOT NULL AND NEW.collected_at IS DISTINCT FROM OLD.collected_at
     OR NOT (NEW.state = OLD.state OR (OLD.state, NEW.state) IN
        (('built', 'released'), ('built', 'expired'), ('released', 'collected'),
         ('released', 'expired'), ('collected', 'receipted')))
  THEN
    RAISE EXCEPTION 'a package only moves on' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER disclosure_package_moves_on BEFORE DELETE OR UPDATE ON disclosure_package
  FOR EACH ROW EXECUTE FUNCTION refuse_package_change();

CREATE TABLE recipient_ledger (
  package_id uuid PRIMARY KEY,
  order_id uuid NOT NULL CONSTRAINT recipient_ledger_order UNIQUE,
  case_id uuid NOT NULL REFERENCES case_file (id),
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  registration_id uuid NOT NULL,
  recipient_sha256 bytea NOT NULL CONSTRAINT recipient_ledger_recipient
    CHECK (length(recipient_sha256) = 32),
  fields text[] NOT NULL CONSTRAINT recipient_ledger_fields
    CHECK (cardinality(fields) BETWEEN 1 AND 64),
  released_at timestamptz NOT NULL,
  delete_by date NOT NULL
);
CREATE INDEX recipient_ledger_by_registration ON recipient_ledger (tenant_id, registration_id);

CREATE FUNCTION refuse_recipient_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only table recipient_ledger' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER recipient_ledger_append_only BEFORE DELETE OR UPDATE ON recipient_ledger
  FOR EACH ROW EXECUTE FUNCTION refuse_recipient_change();
