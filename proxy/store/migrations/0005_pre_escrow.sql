-- Escrow: how far every deposit is, and which names registrars say they sponsor. No person, and
-- nothing that opens a record, stands in any of these tables.

SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- A deposit's cursor. `manifest` is kept as text, byte for byte what is hashed and signed.
CREATE TABLE deposit (
  tenant_id uuid NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  stream text NOT NULL CONSTRAINT deposit_stream CHECK (stream ~ '^[a-z][a-z0-9-]{0,47}$'),
  kind text NOT NULL CONSTRAINT deposit_kind CHECK (kind IN ('full', 'incr', 'diff')),
  slot timestamptz NOT NULL,
  sequence integer NOT NULL CONSTRAINT deposit_sequence CHECK (sequence > 0),
  resend integer NOT NULL CONSTRAINT deposit_resend CHECK (resend >= 0),
  since timestamptz, -- watermark of the deposit it builds on
  previous uuid,
  agent text NOT NULL CONSTRAINT deposit_agent CHECK (length(agent) BETWEEN 1 AND 64),
  made_at timestamptz NOT NULL,
  step text NOT NULL CONSTRAINT deposit_step CHECK (step IN
    ('staging', 'staged', 'delivered', 'verified', 'rejected', 'abandoned', 'missed')),
  watermark timestamptz,
  fingerprint text CONSTRAINT deposit_fingerprint
    CHECK (fingerprint ~ '^([0-9A-F]{40}|[0-9A-F]{64})$'),
  manifest text CONSTRAINT deposit_manifest_length CHECK (octet_length(manifest) <= 1048576),
  manifest_sha256 bytea,
  delivered_files integer NOT NULL CONSTRAINT deposit_delivered_files CHECK (delivered_files >= 0),
  attempts integer NOT NULL CONSTRAINT deposit_attempts CHECK (attempts >= 0),
  try_after timestamptz,
  reason text NOT NULL CONSTRAINT deposit_reason CHECK (reason ~ '^[a-z0-9_]{0,63}$'),
  staged_at timestamptz,
  delivered_at timestamptz,
  verified_at timestamptz,
  receipt_sha256 bytea CONSTRAINT deposit_receipt CHECK (length(receipt_sha256) = 32),
  drilled_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  -- a slot that was missed builds on nothing
  CONSTRAINT deposit_since CHECK (CASE kind WHEN 'full' THEN since IS NULL
                                  ELSE since IS NOT NULL OR step = 'missed' END),
  CONSTRAINT deposit_manifest_hash CHECK (
    (manifest IS NULL) = (manifest_sha256 IS NULL)
    AND manifest_sha256 = sha256(convert_to(manifest, 'UTF8'))),
  CONSTRAINT deposit_is_staged CHECK (step NOT IN ('staged', 'delivered', 'verified', 'rejected')
    OR (watermark IS NOT NULL AND fingerprint IS NOT NULL AND manifest IS NOT NULL
        AND staged_at IS NOT NULL)),
  CONSTRAINT deposit_is_delivered CHECK (step NOT IN ('delivered', 'verified', 'rejected')
    OR delivered_at IS NOT NULL),
  CONSTRAINT deposit_is_verified CHECK (step <> 'verified' OR verified_at IS NOT NULL)
);
CREATE UNIQUE INDEX deposit_open ON deposit (tenant_id, stream) WHERE step IN ('staging', 'staged');
CREATE UNIQUE INDEX deposit_missed ON deposit (tenant_id, stream, slot) WHERE step = 'missed';
CREATE INDEX deposit_by_slot ON deposit (tenant_id, stream, slot);

-- What a registrar declared as the names of an accreditation: when, how many, and the names.
CREATE TABLE portfolio_declared (
  tenant_id uuid NOT NULL,
  accreditation text NOT NULL CONSTRAINT portfolio_declared_accreditation
    CHECK (accreditation ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
  domains bigint NOT NULL CONSTRAINT portfolio_declared_domains CHECK (domains >= 0),
  declared_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, accreditation)
);

CREATE TABLE portfolio (
  tenant_id uuid NOT NULL,
  accreditation text NOT NULL,
  domain text NOT NULL CONSTRAINT portfolio_domain CHECK (length(domain) BETWEEN 3 AND 253),
  PRIMARY KEY (tenant_id, accreditation, domain),
  CONSTRAINT portfolio_is_declared FOREIGN KEY (tenant_id, accreditation)
    REFERENCES portfolio_declared ON DELETE CASCADE
);
