-- Which orders a case waits for: what the worker asks the vault about. The vault's state decides.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE case_order (
  order_id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES case_file (id),
  kind text NOT NULL CONSTRAINT case_order_kind CHECK (kind ~ '^[a-z ]+$' AND length(kind) <= 48),
  state text NOT NULL CONSTRAINT case_order_state
    CHECK (state IN ('proposed', 'approved', 'voided', 'carried_out')),
  proposed_at timestamptz NOT NULL,
  look_at timestamptz
);
CREATE INDEX case_order_open ON case_order (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX case_order_by_case ON case_order (case_id);
