-- The first schema. Later files change it; this one never changes again.
-- Names of constraints are stable: store modules map them to errors.

SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- Tenants: a registrar's account. Tenant ids stand in every primary key (design s8).
CREATE TABLE tenant (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  created_at timestamptz NOT NULL
);

CREATE TABLE accreditation (
  tenant_id uuid NOT NULL REFERENCES tenant,
  id text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
  registrar_name text NOT NULL,
  iana_id integer CHECK (iana_id > 0),
  PRIMARY KEY (tenant_id, id)
);

-- body: profile.json as validated, with defaults filled in. `published` bodies go to every edge.
CREATE TABLE profile (
  tenant_id uuid NOT NULL REFERENCES tenant,
  id text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
  revision integer NOT NULL CHECK (revision > 0),
  body jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE api_key (
  id text PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant,
  secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
  scopes text[] NOT NULL,
  reseller text,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);

-- What a registrar declared, persons apart. `declared` is the declaration as canonical JSON;
-- the columns beside it are those that rules and listings need.
CREATE TABLE registration (
  tenant_id uuid NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  domain text NOT NULL CHECK (length(domain) BETWEEN 3 AND 253),
  state text NOT NULL CHECK (state IN ('reserved', 'active', 'claimed', 'ending', 'ended')),
  revision integer NOT NULL CHECK (revision > 0),
  declared jsonb NOT NULL,
  reference text NOT NULL,
  alias text NOT NULL,
  record_version integer NOT NULL CHECK (record_version > 0),
  contacts_mac bytea NOT NULL CHECK (length(contacts_mac) = 32),
  hold boolean NOT NULL DEFAULT false, -- a legal hold beats every erasure
  enrolled_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  lapses_at timestamptz, -- reservations only
  ended_at timestamptz,
  end_reason text CHECK (end_reason IN
    ('registry_deleted', 'transferred_out', 'left_service', 'error', 'lapsed', 'replaced')),
  shredded_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT registration_end CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
  CONSTRAINT registration_end_reason CHECK ((end_reason IS NOT NULL) = (state IN ('ending', 'ended')))
);
CREATE UNIQUE INDEX registration_live_domain ON registration (tenant_id, domain)
  WHERE state <> 'ended';
CREATE UNIQUE INDEX registration_speaker ON registration (domain)
  WHERE state IN ('active', 'ending');
CREATE UNIQUE INDEX registration_alias ON registration (alias);
CREATE INDEX registration_changed ON registration (tenant_id, changed_at);
CREATE INDEX registration_lapses ON registration (lapses_at) WHERE state = 'reserved';
CREATE INDEX registration_shred ON registration (ended_at)
  WHERE state = 'ended' AND shredded_at IS NULL;

-- The journal: one row per name, its latest public record, stamped by the sequencer.
-- value NULL is a removal. pos NULL waits for its stamp; a position is (epoch, pos).
-- Byte order, so that a rebuild reads names in the order in which the snapshot keeps them.
CREATE TABLE published (
  domain text COLLATE "C" PRIMARY KEY,
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  value bytea CHECK (length(value) <= 2048),
  pos bigint CHECK (pos > 0)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX published_pos ON published (pos) WHERE pos IS NOT NULL;
CREATE INDEX published_unstamped ON published (domain) WHERE pos IS NULL;
CREATE INDEX published_registration ON published (registration_id);

-- One row each time a sequencer takes the lead; positions of an epoch end where the next begins.
CREATE TABLE journal_epoch (
  epoch bigint PRIMARY KEY, -- microseconds since 1970: no two histories ever share one
  cluster text NOT NULL, -- system identifier, timeline, database, table under which it began
  first_pos bigint NOT NULL CHECK (first_pos > 0),
  next_pos bigint NOT NULL CHECK (next_pos >= first_pos),
  began_at timestamptz NOT NULL,
  current_at timestamptz NOT NULL -- everything committed before this moment is stamped
);

-- Profiles as edges need them, with accreditations inside; written with profile or accreditation.
-- They stand in the same journal as names: pos as in `published`.
CREATE TABLE published_profile (
  tenant_id uuid NOT NULL,
  id text NOT NULL,
  revision integer NOT NULL,
  body jsonb NOT NULL,
  pos bigint CHECK (pos > 0),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX published_profile_pos ON published_profile (pos) WHERE pos IS NOT NULL;
CREATE INDEX published_profile_unstamped ON published_profile (tenant_id, id) WHERE pos IS NULL;

-- A change that kept its old stamp would never reach an edge; no writer has to remember that.
CREATE FUNCTION unstamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.pos := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER published_unstamp BEFORE UPDATE OF value ON published FOR EACH ROW
  WHEN (NEW.pos IS NOT NULL AND NEW.value IS DISTINCT FROM OLD.value) EXECUTE FUNCTION unstamp();
CREATE TRIGGER published_profile_unstamp BEFORE UPDATE OF body ON published_profile FOR EACH ROW
  WHEN (NEW.pos IS NOT NULL AND NEW.body IS DISTINCT FROM OLD.body) EXECUTE FUNCTION unstamp();

-- Write-only intake. An intake key's public half, signed by the vault key that API hosts pin.
CREATE TABLE intake_key (
  id bigint PRIMARY KEY,
  public_key bytea NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  signature bytea NOT NULL
);

CREATE TABLE submission (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  intake_key_id bigint NOT NULL REFERENCES intake_key,
  encapsulation bytea NOT NULL,
  signer_id text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE sealed_record (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  class text NOT NULL CHECK (class IN ('reach', 'identity', 'evidence', 'secret')),
  version integer NOT NULL CHECK (version > 0),
  submission_id uuid, -- NULL once adopted
  kek_epoch integer, -- NULL until adopted
  record bytea,
  wrapped_dek bytea, -- NULL once shredded
  superseded_at timestamptz,
  failed text, -- reason code of an adoption that failed; an alarm
  PRIMARY KEY (tenant_id, registration_id, class, version),
  CONSTRAINT sealed_record_shredded CHECK ((record IS NULL) = (wrapped_dek IS NULL)),
  CONSTRAINT sealed_record_adopted CHECK ((submission_id IS NULL) = (kek_epoch IS NOT NULL))
);
CREATE INDEX sealed_record_pending ON sealed_record (submission_id) WHERE kek_epoch IS NULL;
CREATE INDEX sealed_record_epoch ON sealed_record (class, kek_epoch)
  WHERE wrapped_dek IS NOT NULL;
CREATE INDEX sealed_record_superseded ON sealed_record (superseded_at)
  WHERE superseded_at IS NOT NULL AND wrapped_dek IS NOT NULL;

-- Blind indexes: keyed tokens of the current version, filled by the vault at adoption.
CREATE TABLE blind_index (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  version integer NOT NULL,
  tokens bytea[] NOT NULL,
  PRIMARY KEY (tenant_id, registration_id)
);

-- Erasures, with the honest words of their certificate; replayed after a restore.
CREATE TABLE erasure (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  version integer NOT NULL, -- the newest version covered
  erased_at timestamptz NOT NULL,
  backups_until timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, registration_id, version)
);

-- A rotation under way; resumed after a restart.
CREATE TABLE key_rotation (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('rewrap', 'compromised')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  total bigint NOT NULL,
  done bigint NOT NULL DEFAULT 0,
  target_epoch integer NOT NULL
);

-- Idempotency-Key (contract): body kept as a keyed HMAC only.
CREATE TABLE idempotency (
  tenant_id uuid NOT NULL,
  route text NOT NULL,
  key_sha256 bytea NOT NULL,
  body_mac bytea NOT NULL,
  status integer, -- NULL while in flight
  headers jsonb,
  response bytea,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, route, key_sha256)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE operation (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('import')),
  state text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
  total bigint, -- NULL until the whole file was read
  done bigint NOT NULL DEFAULT 0, -- lines dealt with, failed ones included
  failed bigint NOT NULL DEFAULT 0,
  absent bigint, -- live names of the tenant that the file did not mention
  reason text,
  started_at timestamptz NOT NULL,
  touched_at timestamptz NOT NULL, -- moves with every batch; an old one means interrupted
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX operation_running ON operation (touched_at) WHERE state = 'running';
-- The names a running import has mentioned: finds duplicates and absent names in flat memory.
CREATE TABLE import_name (
  tenant_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  domain text NOT NULL,
  PRIMARY KEY (tenant_id, operation_id, domain)
);
CREATE TABLE operation_error (
  tenant_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  line bigint NOT NULL,
  code text NOT NULL,
  faults jsonb NOT NULL, -- pointers, codes, sentences; never values
  PRIMARY KEY (tenant_id, operation_id, line),
  FOREIGN KEY (tenant_id, operation_id) REFERENCES operation ON DELETE CASCADE
);

-- The ledger: entries say what happened, leaves are bare commitments (vault.md, Ledger).
CREATE TABLE ledger_entry (
  id uuid PRIMARY KEY,
  tenant_id uuid,
  subject text NOT NULL, -- salt scope: a registration, submission, run or case id
  kind text NOT NULL CHECK (kind ~ '^[a-z_]+$'),
  facts jsonb NOT NULL, -- ids, counts, hashes; never personal data
  at timestamptz NOT NULL,
  leaf_index bigint UNIQUE -- NULL until sequenced by the vault
);
CREATE INDEX ledger_entry_waiting ON ledger_entry (at) WHERE leaf_index IS NULL;
CREATE TABLE ledger_leaf (
  index bigint PRIMARY KEY CHECK (index >= 0),
  commitment bytea NOT NULL CHECK (length(commitment) = 32)
);
CREATE TABLE ledger_checkpoint (
  size bigint PRIMARY KEY CHECK (size >= 0),
  note text NOT NULL,
  at timestamptz NOT NULL
);

-- Append-only: even the owner's ordinary statements may not rewrite history.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_leaf_append_only BEFORE UPDATE OR DELETE ON ledger_leaf
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoint_append_only BEFORE UPDATE OR DELETE ON ledger_checkpoint
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.leaf_index IS NOT NULL
     OR (NEW.id, NEW.tenant_id, NEW.subject, NEW.kind, NEW.facts, NEW.at)
        IS DISTINCT FROM (OLD.id, OLD.tenant_id, OLD.subject, OLD.kind, OLD.facts, OLD.at) THEN
    RAISE EXCEPTION 'append-only table ledger_entry' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION refuse_entry_change();

-- Shapes the last issue fills (contract: PATCH, transfers, rotation, feeds, events).
CREATE TABLE event (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  kind text NOT NULL,
  body jsonb NOT NULL,
  at timestamptz NOT NULL,
  pos bigint UNIQUE
);
CREATE TABLE former_alias (
  alias text PRIMARY KEY,
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  accepted_until timestamptz NOT NULL
);
