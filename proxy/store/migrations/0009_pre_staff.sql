-- Staff: who acts on cases, by password and second factor. Handles; nothing of the persons.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE staff (
  person text PRIMARY KEY CONSTRAINT staff_person CHECK (person ~ '^[a-z][a-z0-9-]{0,31}$'),
  roles text[] NOT NULL CONSTRAINT staff_roles CHECK (cardinality(roles) BETWEEN 1 AND 16),
  state text NOT NULL CONSTRAINT staff_state CHECK (state IN ('invited', 'active', 'suspended')),
  created_at timestamptz NOT NULL,
  enrolled_at timestamptz,
  CONSTRAINT staff_duties CHECK (NOT 'administrator' = ANY (roles) OR cardinality(roles) = 1),
  CONSTRAINT staff_enrolled CHECK (state <> 'active' OR enrolled_at IS NOT NULL)
);

CREATE TABLE staff_password (
  person text NOT NULL REFERENCES staff (person),
  number integer NOT NULL CONSTRAINT staff_password_number CHECK (number > 0),
  set_at timestamptz NOT NULL,
  hash text NOT NULL CONSTRAINT staff_password_hash
    CHECK (hash LIKE '$argon2id$%' AND octet_length(hash) <= 255),
  PRIMARY KEY (person, number)
);

CREATE TABLE staff_key (
  person text NOT NULL REFERENCES staff (person),
  id text NOT NULL CONSTRAINT staff_key_id CHECK (id LIKE 'SHA256:%' AND octet_length(id) <= 64),
  kind text NOT NULL CONSTRAINT staff_key_kind
    CHECK (kind IN ('ssh-ed25519', 'sk-ssh-ed25519@openssh.com', 'webauthn')),
  public text NOT NULL CONSTRAINT staff_key_public CHECK (octet_length(public) <= 4096),
  credential text NOT NULL CONSTRAINT staff_key_credential CHECK (octet_length(credential) <= 1400),
  added_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (person, id)
);
-- A key is one person's: two people never sign in with the same.
CREATE UNIQUE INDEX staff_key_one_person ON staff_key (id) WHERE ended_at IS NULL;

CREATE TABLE staff_session (
  token_sha256 bytea PRIMARY KEY
    CONSTRAINT staff_session_token CHECK (length(token_sha256) = 32),
  person text NOT NULL REFERENCES staff (person),
  started_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  level text NOT NULL CONSTRAINT staff_session_level
    CHECK (level IN ('passkey', 'security_key', 'key')),
  must_change boolean NOT NULL,
  ended_at timestamptz
);
CREATE INDEX staff_session_by_person ON staff_session (person) WHERE ended_at IS NULL;

CREATE TABLE staff_challenge (
  attempt_sha256 bytea PRIMARY KEY
    CONSTRAINT staff_challenge_attempt CHECK (length(attempt_sha256) = 32),
  person text NOT NULL REFERENCES staff (person),
  nonce bytea NOT NULL CONSTRAINT staff_challenge_nonce CHECK (length(nonce) = 32),
  must_change boolean NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX staff_challenge_expiry ON staff_challenge (expires_at);

CREATE TABLE staff_recovery (
  id uuid PRIMARY KEY,
  person text NOT NULL REFERENCES staff (person),
  opened_by text NOT NULL REFERENCES staff (person),
  opened_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  approved_by text REFERENCES staff (person),
  approved_at timestamptz,
  CONSTRAINT staff_recovery_two
    CHECK (opened_by <> person AND approved_by <> person AND approved_by <> opened_by),
  CONSTRAINT staff_recovery_approved CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);
CREATE INDEX staff_recovery_by_person ON staff_recovery (person, opened_at);

CREATE TABLE staff_invitation (
  code_sha256 bytea PRIMARY KEY
    CONSTRAINT staff_invitation_code CHECK (length(code_sha256) = 32),
  person text NOT NULL REFERENCES staff (person),
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  recovery uuid REFERENCES staff_recovery (id),
  used_at timestamptz
);
CREATE INDEX staff_invitation_by_person ON staff_invitation (person);

-- Failures by a number out of 2^20 that stands for many people or clients: it names none.
CREATE TABLE staff_slowness (
  kind text NOT NULL CONSTRAINT staff_slowness_kind CHECK (kind IN ('person', 'client')),
  slot integer NOT NULL CONSTRAINT staff_slowness_slot CHECK (slot BETWEEN 0 AND 1048575),
  failures integer NOT NULL CONSTRAINT staff_slowness_failures CHECK (failures >= 0),
  failed_at timestamptz NOT NULL,
  blocked_until timestamptz NOT NULL,
  PRIMARY KEY (kind, slot)
);

-- Somebody who was enrolled once enrols again, or comes back, only by two administrators: whoever
-- may only suspend and change roles can not take an account over.
CREATE FUNCTION guard_staff_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.state = OLD.state OR NEW.state = 'suspended'
     OR OLD.state = 'invited' AND NEW.state = 'active' THEN
    RETURN NEW;
  END IF;
  IF NEW.state = 'invited' AND EXISTS (
    SELECT FROM staff_recovery r
    JOIN staff_invitation i ON i.recovery = r.id
    WHERE r.person = NEW.person AND r.approved_at IS NOT NULL AND i.used_at IS NULL
  ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'state of staff' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER staff_state_guard BEFORE UPDATE OF state ON staff
  FOR EACH ROW EXECUTE FUNCTION guard_staff_state();
