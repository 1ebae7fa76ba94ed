-- Cases: files, their chains of events, deadlines, tasks, evidence, calendars, holds.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE TABLE calendar (
  id text NOT NULL CHECK (id ~ '^[A-Z0-9][A-Z0-9-]{0,63}$'),
  version bytea NOT NULL CHECK (length(version) = 32),
  document text NOT NULL CHECK (octet_length(document) <= 1048576),
  made_at timestamptz NOT NULL,
  taken_at timestamptz,
  taken_after uuid,
  taken_whole_at timestamptz,
  PRIMARY KEY (id, version),
  CONSTRAINT calendar_taken CHECK (taken_at IS NOT NULL OR
    (taken_after IS NULL AND taken_whole_at IS NULL))
);
CREATE INDEX calendar_being_taken ON calendar (taken_at) WHERE taken_at IS NOT NULL AND taken_whole_at IS NULL;

CREATE TABLE case_file (
  id uuid PRIMARY KEY,
  type text NOT NULL CONSTRAINT case_file_type CHECK (type ~ '^[a-z][a-z0-9_]{0,47}$'),
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  registration_id uuid NOT NULL,
  domain text NOT NULL CONSTRAINT case_file_domain CHECK (length(domain) BETWEEN 3 AND 253),
  event_date timestamptz NOT NULL,
  opened_at timestamptz NOT NULL,
  touched_at timestamptz NOT NULL,
  closed_at timestamptz,
  state text NOT NULL CONSTRAINT case_file_state CHECK (state ~ '^[a-z][a-z0-9_]{0,47}$'),
  is_open boolean NOT NULL,
  handler text NOT NULL DEFAULT '',
  seq integer NOT NULL CONSTRAINT case_file_seq CHECK (seq > 0),
  head bytea NOT NULL CONSTRAINT case_file_head CHECK (length(head) = 32),
  destroyed_at timestamptz,
  CONSTRAINT case_file_end CHECK (is_open = (closed_at IS NULL))
);
CREATE INDEX case_file_by_registration ON case_file (tenant_id, registration_id);
CREATE INDEX case_file_open ON case_file (touched_at, id) WHERE is_open;

CREATE TABLE case_event (
  case_id uuid NOT NULL REFERENCES case_file (id),
  seq integer NOT NULL CONSTRAINT case_event_seq CHECK (seq > 0),
  id uuid NOT NULL UNIQUE,
  previous bytea NOT NULL CONSTRAINT case_event_previous CHECK (length(previous) = 32),
  hash bytea NOT NULL CONSTRAINT case_event_hash CHECK (length(hash) = 32),
  actor text NOT NULL CONSTRAINT case_event_actor CHECK (actor ~ '^[a-z][a-z0-9-]{0,31}$'),
  role text NOT NULL CONSTRAINT case_event_role CHECK (role ~ '^[a-z][a-z-]{0,31}$'),
  act text NOT NULL CONSTRAINT case_event_act CHECK (act ~ '^[a-z][a-z0-9_]{0,47}$'),
  facts jsonb NOT NULL CONSTRAINT case_event_facts
    CHECK (jsonb_typeof(facts) = 'object' AND octet_length(facts::text) <= 65536),
  at timestamptz NOT NULL,
  is_seen boolean NOT NULL DEFAULT false,
  PRIMARY KEY (case_id, seq)
);
CREATE INDEX case_event_unseen ON case_event (case_id, seq) WHERE NOT is_seen;

CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.is_seen AND NOT NEW.is_seen
     OR (NEW.case_id, NEW.seq, NEW.id, NEW.previous, NEW.hash, NEW.actor, NEW.role, NEW.act,
         NEW.facts, NEW.at)
        IS DISTINCT FROM (OLD.case_id, OLD.seq, OLD.id, OLD.previous, OLD.hash, OLD.actor,
         OLD.role, OLD.act, OLD.facts, OLD.at) THEN
    RAISE EXCEPTION 'append-only table case_event' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER case_event_append_only BEFORE DELETE OR UPDATE ON case_event
  FOR EACH ROW EXECUTE FUNCTION refuse_event_change();

CREATE TABLE case_deadline (
  case_id uuid NOT NULL REFERENCES case_file (id),
  name text NOT NULL CONSTRAINT case_deadline_name CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$'),
  round integer NOT NULL CONSTRAINT case_deadline_round CHECK (round > 0),
  terms jsonb NOT NULL CONSTRAINT case_deadline_terms CHECK (octet_length(terms::text) <= 8192),
  plan jsonb NOT NULL CONSTRAINT case_deadline_plan CHECK (octet_length(plan::text) <= 8192),
  calendar_id text NOT NULL,
  calendar_version bytea NOT NULL,
  zone text NOT NULL,
  started_at timestamptz NOT NULL,
  no_earlier_than timestamptz,
  no_later_than timestamptz,
  history jsonb NOT NULL DEFAULT '[]' CONSTRAINT case_deadline_history
    CHECK (jsonb_typeof(history) = 'array' AND octet_length(history::text) <= 131072),
  due_at timestamptz NOT NULL,
  fired text[] NOT NULL DEFAULT '{}',
  next_action text,
  next_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (case_id, name, round),
  CONSTRAINT case_deadline_calendar FOREIGN KEY (calendar_id, calendar_version)
    REFERENCES calendar (id, version),
  CONSTRAINT case_deadline_next CHECK ((next_at IS NULL) = (next_action IS NULL)),
  CONSTRAINT case_deadline_ended CHECK (ended_at IS NULL OR next_at IS NULL)
);
CREATE UNIQUE INDEX case_deadline_running ON case_deadline (case_id, name) WHERE ended_at IS NULL;
CREATE INDEX case_deadline_due ON case_deadline (next_at, case_id) WHERE next_at IS NOT NULL;

CREATE TABLE case_task (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES case_file (id),
  kind text NOT NULL CONSTRAINT case_task_kind CHECK (kind ~ '^[a-z][a-z0-9_]{0,47}$'),
  role text NOT NULL CONSTRAINT case_task_role CHECK (role ~ '^[a-z][a-z-]{0,31}$'),
  opened_at timestamptz NOT NULL,
  due_at timestamptz,
  done_at timestamptz,
  done_by text
);
CREATE INDEX case_task_open ON case_task (role, due_at, id) WHERE done_at IS NULL;
CREATE INDEX case_task_by_case ON case_task (case_id);

CREATE TABLE evidence (
  case_id uuid NOT NULL REFERENCES case_file (id),
  id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT evidence_kind CHECK (kind ~ '^[a-z][a-z0-9_]{0,47}$'),
  media_type text NOT NULL CONSTRAINT evidence_media_type CHECK (length(media_type) <= 100),
  octets bigint NOT NULL CONSTRAINT evidence_octets CHECK (octets >= 0),
  sha256 bytea NOT NULL CONSTRAINT evidence_sha256 CHECK (length(sha256) = 32),
  first_version integer NOT NULL CONSTRAINT evidence_first CHECK (first_version > 0),
  records integer NOT NULL CONSTRAINT evidence_records CHECK (records > 0),
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (case_id, id)
);

CREATE TABLE legal_hold (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  case_id uuid NOT NULL REFERENCES case_file (id),
  placed_by text NOT NULL,
  placed_at timestamptz NOT NULL,
  lifted_at timestamptz,
  PRIMARY KEY (tenant_id, registration_id, case_id)
);

CREATE TABLE outage (
  what text NOT NULL CONSTRAINT outage_what CHECK (what IN ('web', 'relay')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL CONSTRAINT outage_length CHECK (ended_at > started_at),
  PRIMARY KEY (what, started_at)
);
CREATE INDEX outage_ended ON outage (ended_at);

CREATE TABLE beat (
  what text PRIMARY KEY CONSTRAINT beat_what CHECK (what IN ('web', 'relay')),
  last_at timestamptz NOT NULL
);
