-- What the public ledger serves beyond its leaves, and the papers behind decisions: rosters,
-- orders, votes. All of it is a copy for reading: what is true stands in the vault's own state,
-- and every document and signature is checked there again.

SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- Complete tiles of 256 hashes (C2SP tlog-tiles); what is not full yet is read from the leaves.
CREATE TABLE ledger_tile (
  level integer NOT NULL CHECK (level BETWEEN 0 AND 7),
  index bigint NOT NULL CHECK (index >= 0),
  hashes bytea NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, index)
);
CREATE TRIGGER ledger_tile_append_only BEFORE UPDATE OR DELETE ON ledger_tile
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Signature lines of witnesses under our checkpoints (C2SP tlog-cosignature).
CREATE TABLE ledger_cosignature (
  size bigint NOT NULL REFERENCES ledger_checkpoint,
  witness text NOT NULL CHECK (length(witness) BETWEEN 1 AND 255),
  line text NOT NULL CHECK (length(line) BETWEEN 1 AND 1024),
  at timestamptz NOT NULL,
  PRIMARY KEY (size, witness)
);
CREATE TRIGGER ledger_cosignature_append_only BEFORE UPDATE OR DELETE ON ledger_cosignature
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Every roster that was ever announced, with what entitled it: signatures, or an order.
CREATE TABLE roster (
  sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
  version integer NOT NULL CHECK (version > 0),
  document text NOT NULL,
  evidence jsonb NOT NULL,
  announced_at timestamptz NOT NULL,
  effective_at timestamptz NOT NULL
);
CREATE INDEX roster_by_version ON roster (version);

CREATE TABLE approval_order (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind ~ '^[a-z ]+$'),
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  document text NOT NULL,
  nonce bytea NOT NULL CHECK (length(nonce) = 32),
  received_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX approval_order_by_time ON approval_order (received_at);

CREATE TABLE approval_vote (
  order_id uuid NOT NULL REFERENCES approval_order,
  person text NOT NULL CHECK (person ~ '^[a-z][a-z0-9-]{0,31}$'),
  signature jsonb NOT NULL,
  voted_at timestamptz NOT NULL,
  PRIMARY KEY (order_id, person)
);
