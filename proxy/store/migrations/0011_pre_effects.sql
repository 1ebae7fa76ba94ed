-- What cases have a registrar do to a name: kept before it is asked for, and until it is done.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE registrar_effect (
  id uuid PRIMARY KEY,
  place bigint GENERATED ALWAYS AS IDENTITY, -- in the order in which they were asked for
  case_id uuid NOT NULL REFERENCES case_file (id),
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  registration_id uuid NOT NULL,
  domain text NOT NULL CONSTRAINT registrar_effect_domain CHECK (length(domain) BETWEEN 1 AND 253),
  change text NOT NULL CONSTRAINT registrar_effect_change
    CHECK (change IN ('hold', 'unhold', 'release_privacy')),
  before text[] NOT NULL CONSTRAINT registrar_effect_before CHECK (cardinality(before) <= 32),
  state text NOT NULL DEFAULT 'asked' CONSTRAINT registrar_effect_state
    CHECK (state IN ('asked', 'by_hand', 'done', 'withdrawn')),
  seen text[] CONSTRAINT registrar_effect_seen CHECK (cardinality(seen) <= 32),
  tries integer NOT NULL DEFAULT 0 CONSTRAINT registrar_effect_tries CHECK (tries >= 0),
  asked_at timestamptz NOT NULL,
  next_try timestamptz NOT NULL,
  leased_until timestamptz, -- until when a worker may be speaking to the registrar of it
  ended_at timestamptz,
  CONSTRAINT registrar_effect_ended CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'withdrawn')))
);
CREATE INDEX registrar_effect_due ON registrar_effect (next_try, id) WHERE state = 'asked';
CREATE INDEX registrar_effect_by_case ON registrar_effect (case_id, place);
CREATE INDEX registrar_effect_by_name ON registrar_effect (domain, place);
