-- The schema after all migrations, for reading. Written by `python -m tests.support.schema`.

CREATE FUNCTION public.ask_for_email(tenant uuid, registration uuid, version integer, declared jsonb, at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
  INSERT INTO email_verification
    (tenant_id, registration_id, record_version, asked_at, due_at, look_at)
  SELECT tenant, registration, version, at, at + interval '15 days', at
  FROM profile
  WHERE profile.tenant_id = tenant AND profile.id = declared ->> 'profile'
    AND profile.body ->> 'email_verification' = 'service' AND declared ->> 'created_at' IS NOT NULL
  ON CONFLICT (tenant_id, registration_id) DO UPDATE SET
    record_version = excluded.record_version, state = 'asked', reason = '',
    asked_at = excluded.asked_at, due_at = excluded.due_at, verified_at = NULL,
    settled_at = NULL, notice_id = NULL, reminder_id = NULL, look_at = excluded.look_at
$$;

CREATE FUNCTION public.email_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  IF NEW.state = 'ended' THEN
    DELETE FROM email_verification
    WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.id;
  ELSE
    PERFORM ask_for_email(NEW.tenant_id, NEW.id, NEW.record_version, NEW.declared, NEW.changed_at);
    -- Nobody asks any more: what was known is of other contacts.
    DELETE FROM email_verification
    WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.id
      AND record_version <> NEW.record_version;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION public.email_enrolled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM profile
             WHERE tenant_id IN (SELECT one.tenant_id FROM enrolled one)
               AND body ->> 'email_verification' = 'service') THEN
    PERFORM ask_for_email(one.tenant_id, one.id, one.record_version, one.declared, one.changed_at)
    FROM enrolled one WHERE one.state = 'active';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION public.email_letter_known() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  UPDATE email_verification SET look_at = asked_at
  WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.registration_id
    AND NEW.id IN (notice_id, reminder_id);
  RETURN NULL;
END $$;

CREATE FUNCTION public.erased_no_more() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.shredded_at := NULL;
  RETURN NEW;
END $$;

CREATE FUNCTION public.event_body(registration uuid, domain text, revision integer, state text, reason text, declared jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public'
    AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'registration', registration, 'domain', domain, 'revision', revision, 'state', state,
    'mode', declared ->> 'mode', 'reason', reason, 'reseller', declared ->> 'reseller'))
$$;

CREATE FUNCTION public.event_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, former_reseller, body,
                     at)
  VALUES (gen_random_uuid(), NEW.tenant_id,
          CASE WHEN NEW.state = 'ended' THEN 'registration.ended' ELSE 'registration.changed' END,
          NEW.id, NEW.domain, NEW.declared ->> 'reseller',
          CASE WHEN OLD.declared ->> 'reseller' IS DISTINCT FROM NEW.declared ->> 'reseller'
               THEN OLD.declared ->> 'reseller' END,
          event_body(NEW.id, NEW.domain, NEW.revision, NEW.state, NEW.end_reason, NEW.declared),
          NEW.changed_at);
  RETURN NULL;
END $$;

CREATE FUNCTION public.event_email() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, body, at)
  SELECT gen_random_uuid(), kept.tenant_id,
         CASE NEW.state WHEN 'verified' THEN 'registration.email_verified'
                        WHEN 'undeliverable' THEN 'registration.email_undeliverable'
                        ELSE 'registration.email_unverified' END,
         kept.id, kept.domain, kept.declared ->> 'reseller',
         event_body(kept.id, kept.domain, kept.revision, kept.state, NEW.reason, kept.declared),
         NEW.settled_at
  FROM registration kept
  WHERE kept.tenant_id = NEW.tenant_id AND kept.id = NEW.registration_id;
  RETURN NULL;
END $$;

CREATE FUNCTION public.event_enrolled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, body, at)
  SELECT gen_random_uuid(), one.tenant_id, 'registration.enrolled', one.id, one.domain,
         one.declared ->> 'reseller',
         event_body(one.id, one.domain, one.revision, one.state, one.end_reason, one.declared),
         one.changed_at
  FROM enrolled one WHERE one.state <> 'ended';
  RETURN NULL;
END $$;

CREATE FUNCTION public.event_publication() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.guard_staff_state() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.publication_unfit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
  UPDATE publication SET standing = 'changed', ended_at = NEW.changed_at
  WHERE tenant_id = NEW.tenant_id AND registration_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END $$;

CREATE FUNCTION public.quota_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
DECLARE
  one record;
  before text := coalesce(OLD.declared ->> 'reseller', '');
  after text := coalesce(NEW.declared ->> 'reseller', '');
BEGIN
  FOR one IN
    SELECT reseller,
           (NEW.state <> 'ended' AND reseller IN ('', after))::int
           - (OLD.state <> 'ended' AND reseller IN ('', before))::int AS change
    FROM quota WHERE tenant_id = NEW.tenant_id AND reseller IN ('', before, after)
    ORDER BY reseller
  LOOP
    IF one.change <> 0 THEN
      PERFORM quota_move(NEW.tenant_id, one.reseller, one.change);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

CREATE FUNCTION public.quota_enrolled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT quota.tenant_id, quota.reseller, count(*) AS change
    FROM enrolled JOIN quota ON quota.tenant_id = enrolled.tenant_id
     AND quota.reseller IN ('', coalesce(enrolled.declared ->> 'reseller', ''))
    WHERE enrolled.state <> 'ended'
    GROUP BY quota.tenant_id, quota.reseller
    ORDER BY quota.tenant_id, quota.reseller -- one order everywhere: no deadlocks
  LOOP
    PERFORM quota_move(one.tenant_id, one.reseller, one.change);
  END LOOP;
  RETURN NULL;
END $$;

CREATE FUNCTION public.quota_move(account uuid, whose text, change bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
DECLARE is_over boolean;
BEGIN
  -- one change of an account's counts at a time: two that moved names between the same resellers
  -- the other way round would wait for each other
  PERFORM pg_advisory_xact_lock(hashtextextended(account::text, 14));
  UPDATE quota SET used = used + change WHERE tenant_id = account AND reseller = whose
  RETURNING used > names INTO is_over;
  IF is_over AND change > 0 THEN
    RAISE EXCEPTION 'more names than the quota allows'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'quota_names';
  END IF;
END $$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION public.refuse_entry_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.leaf_index IS NOT NULL
     OR (NEW.id, NEW.tenant_id, NEW.subject, NEW.kind, NEW.facts, NEW.at)
        IS DISTINCT FROM (OLD.id, OLD.tenant_id, OLD.subject, OLD.kind, OLD.facts, OLD.at) THEN
    RAISE EXCEPTION 'append-only table ledger_entry' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION public.refuse_event_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.refuse_notice_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.case_id IS NULL AND OLD.try_after IS NULL
       AND OLD.queued_at < statement_timestamp() - interval '90 days' THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was said or proven of a notice stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.case_id, NEW.tenant_id, NEW.registration_id, NEW.kind, NEW.template,
         NEW.to_party, NEW.facts, NEW.purpose, NEW.subject, NEW.queued_at, NEW.not_before)
        IS DISTINCT FROM (OLD.id, OLD.case_id, OLD.tenant_id, OLD.registration_id, OLD.kind,
         OLD.template, OLD.to_party, OLD.facts, OLD.purpose, OLD.subject, OLD.queued_at,
         OLD.not_before)
     OR OLD.message_id IS NOT NULL AND NEW.message_id IS DISTINCT FROM OLD.message_id
     OR OLD.failing_since IS NOT NULL AND NEW.failing_since IS DISTINCT FROM OLD.failing_since
     OR OLD.handed_at IS NOT NULL AND NEW.handed_at IS DISTINCT FROM OLD.handed_at
     OR OLD.delivered_at IS NOT NULL AND NEW.delivered_at IS DISTINCT FROM OLD.delivered_at
     OR OLD.bounced_at IS NOT NULL AND NEW.bounced_at IS DISTINCT FROM OLD.bounced_at
     OR OLD.acknowledged_at IS NOT NULL AND NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at
     OR OLD.delivery_told_at IS NOT NULL AND NEW.delivery_told_at IS DISTINCT FROM OLD.delivery_told_at
     OR OLD.bounce_told_at IS NOT NULL AND NEW.bounce_told_at IS DISTINCT FROM OLD.bounce_told_at
  THEN
    RAISE EXCEPTION 'what was said or proven of a notice stays' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION public.refuse_package_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.refuse_recipient_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'append-only table recipient_ledger' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION public.unstamp() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.pos := NULL;
  RETURN NEW;
END $$;

CREATE TABLE public.accreditation (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    registrar_name text NOT NULL,
    iana_id integer,
    CONSTRAINT accreditation_iana_id_check CHECK ((iana_id > 0)),
    CONSTRAINT accreditation_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,63}$'::text))
);

CREATE TABLE public.api_key (
    id text NOT NULL,
    tenant_id uuid NOT NULL,
    secret_sha256 bytea NOT NULL,
    scopes text[] NOT NULL,
    reseller text,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_key_secret_sha256_check CHECK ((length(secret_sha256) = 32))
);

CREATE TABLE public.approval_order (
    id uuid NOT NULL,
    kind text NOT NULL,
    sha256 bytea NOT NULL,
    document text NOT NULL,
    nonce bytea NOT NULL,
    received_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT approval_order_kind_check CHECK ((kind ~ '^[a-z ]+$'::text)),
    CONSTRAINT approval_order_nonce_check CHECK ((length(nonce) = 32)),
    CONSTRAINT approval_order_sha256_check CHECK ((length(sha256) = 32))
);

CREATE TABLE public.approval_vote (
    order_id uuid NOT NULL,
    person text NOT NULL,
    signature jsonb NOT NULL,
    voted_at timestamp with time zone NOT NULL,
    CONSTRAINT approval_vote_person_check CHECK ((person ~ '^[a-z][a-z0-9-]{0,31}$'::text))
);

CREATE TABLE public.beat (
    what text NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT beat_what CHECK ((what = ANY (ARRAY['web'::text, 'relay'::text])))
);

CREATE TABLE public.blind_index (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    version integer NOT NULL,
    tokens bytea[] NOT NULL,
    contacts bigint
);

CREATE TABLE public.calendar (
    id text NOT NULL,
    version bytea NOT NULL,
    document text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone,
    taken_after uuid,
    taken_whole_at timestamp with time zone,
    CONSTRAINT calendar_document_check CHECK ((octet_length(document) <= 1048576)),
    CONSTRAINT calendar_id_check CHECK ((id ~ '^[A-Z0-9][A-Z0-9-]{0,63}$'::text)),
    CONSTRAINT calendar_taken CHECK (((taken_at IS NOT NULL) OR ((taken_after IS NULL) AND (taken_whole_at IS NULL)))),
    CONSTRAINT calendar_version_check CHECK ((length(version) = 32))
);

CREATE TABLE public.case_deadline (
    case_id uuid NOT NULL,
    name text NOT NULL,
    round integer NOT NULL,
    terms jsonb NOT NULL,
    plan jsonb NOT NULL,
    calendar_id text NOT NULL,
    calendar_version bytea NOT NULL,
    zone text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    no_earlier_than timestamp with time zone,
    no_later_than timestamp with time zone,
    history jsonb DEFAULT '[]'::jsonb NOT NULL,
    due_at timestamp with time zone NOT NULL,
    fired text[] DEFAULT '{}'::text[] NOT NULL,
    next_action text,
    next_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT case_deadline_ended CHECK (((ended_at IS NULL) OR (next_at IS NULL))),
    CONSTRAINT case_deadline_history CHECK (((jsonb_typeof(history) = 'array'::text) AND (octet_length((history)::text) <= 131072))),
    CONSTRAINT case_deadline_name CHECK ((name ~ '^[a-z][a-z0-9_]{0,47}$'::text)),
    CONSTRAINT case_deadline_next CHECK (((next_at IS NULL) = (next_action IS NULL))),
    CONSTRAINT case_deadline_plan CHECK ((octet_length((plan)::text) <= 8192)),
    CONSTRAINT case_deadline_round CHECK ((round > 0)),
    CONSTRAINT case_deadline_terms CHECK ((octet_length((terms)::text) <= 8192))
);

CREATE TABLE public.case_event (
    case_id uuid NOT NULL,
    seq integer NOT NULL,
    id uuid NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    act text NOT NULL,
    facts jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    is_seen boolean DEFAULT false NOT NULL,
    CONSTRAINT case_event_act CHECK ((act ~ '^[a-z][a-z0-9_]{0,47}$'::text)),
    CONSTRAINT case_event_actor CHECK ((actor ~ '^[a-z][a-z0-9-]{0,31}$'::text)),
    CONSTRAINT case_event_facts CHECK (((jsonb_typeof(facts) = 'object'::text) AND (octet_length((facts)::text) <= 65536))),
    CONSTRAINT case_event_hash CHECK ((length(hash) = 32)),
    CONSTRAINT case_event_previous CHECK ((length(previous) = 32)),
    CONSTRAINT case_event_role CHECK ((role ~ '^[a-z][a-z-]{0,31}$'::text)),
    CONSTRAINT case_event_seq CHECK ((seq > 0))
);

CREATE TABLE public.case_file (
    id uuid NOT NULL,
    type text NOT NULL,
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    domain text NOT NULL,
    event_date timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    touched_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    state text NOT NULL,
    is_open boolean NOT NULL,
    handler text DEFAULT ''::text NOT NULL,
    seq integer NOT NULL,
    head bytea NOT NULL,
    destroyed_at timestamp with time zone,
    CONSTRAINT case_file_domain CHECK (((length(domain) >= 3) AND (length(domain) <= 253))),
    CONSTRAINT case_file_end CHECK ((is_open = (closed_at IS NULL))),
    CONSTRAINT case_file_head CHECK ((length(head) = 32)),
    CONSTRAINT case_file_seq CHECK ((seq > 0)),
    CONSTRAINT case_file_state CHECK ((state ~ '^[a-z][a-z0-9_]{0,47}$'::text)),
    CONSTRAINT case_file_type CHECK ((type ~ '^[a-z][a-z0-9_]{0,47}$'::text))
);

CREATE TABLE public.case_order (
    order_id uuid NOT NULL,
    case_id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    look_at timestamp with time zone,
    CONSTRAINT case_order_kind CHECK (((kind ~ '^[a-z ]+$'::text) AND (length(kind) <= 48))),
    CONSTRAINT case_order_state CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'voided'::text, 'carried_out'::text])))
);

CREATE TABLE public.case_task (
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    kind text NOT NULL,
    role text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    done_at timestamp with time zone,
    done_by text,
    CONSTRAINT case_task_kind CHECK ((kind ~ '^[a-z][a-z0-9_]{0,47}$'::text)),
    CONSTRAINT case_task_role CHECK ((role ~ '^[a-z][a-z-]{0,31}$'::text))
);

CREATE TABLE public.deposit (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    stream text NOT NULL,
    kind text NOT NULL,
    slot timestamp with time zone NOT NULL,
    sequence integer NOT NULL,
    resend integer NOT NULL,
    since timestamp with time zone,
    previous uuid,
    agent text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    step text NOT NULL,
    watermark timestamp with time zone,
    fingerprint text,
    manifest text,
    manifest_sha256 bytea,
    delivered_files integer NOT NULL,
    attempts integer NOT NULL,
    try_after timestamp with time zone,
    reason text NOT NULL,
    staged_at timestamp with time zone,
    delivered_at timestamp with time zone,
    verified_at timestamp with time zone,
    receipt_sha256 bytea,
    drilled_at timestamp with time zone,
    CONSTRAINT deposit_agent CHECK (((length(agent) >= 1) AND (length(agent) <= 64))),
    CONSTRAINT deposit_attempts CHECK ((attempts >= 0)),
    CONSTRAINT deposit_delivered_files CHECK ((delivered_files >= 0)),
    CONSTRAINT deposit_fingerprint CHECK ((fingerprint ~ '^([0-9A-F]{40}|[0-9A-F]{64})$'::text)),
    CONSTRAINT deposit_is_delivered CHECK (((step <> ALL (ARRAY['delivered'::text, 'verified'::text, 'rejected'::text])) OR (delivered_at IS NOT NULL))),
    CONSTRAINT deposit_is_staged CHECK (((step <> ALL (ARRAY['staged'::text, 'delivered'::text, 'verified'::text, 'rejected'::text])) OR ((watermark IS NOT NULL) AND (fingerprint IS NOT NULL) AND (manifest IS NOT NULL) AND (staged_at IS NOT NULL)))),
    CONSTRAINT deposit_is_verified CHECK (((step <> 'verified'::text) OR (verified_at IS NOT NULL))),
    CONSTRAINT deposit_kind CHECK ((kind = ANY (ARRAY['full'::text, 'incr'::text, 'diff'::text]))),
    CONSTRAINT deposit_manifest_hash CHECK ((((manifest IS NULL) = (manifest_sha256 IS NULL)) AND (manifest_sha256 = sha256(convert_to(manifest, 'UTF8'::name))))),
    CONSTRAINT deposit_manifest_length CHECK ((octet_length(manifest) <= 1048576)),
    CONSTRAINT deposit_reason CHECK ((reason ~ '^[a-z0-9_]{0,63}$'::text)),
    CONSTRAINT deposit_receipt CHECK ((length(receipt_sha256) = 32)),
    CONSTRAINT deposit_resend CHECK ((resend >= 0)),
    CONSTRAINT deposit_sequence CHECK ((sequence > 0)),
    CONSTRAINT deposit_since CHECK (
CASE kind
    WHEN 'full'::text THEN (since IS NULL)
    ELSE ((since IS NOT NULL) OR (step = 'missed'::text))
END),
    CONSTRAINT deposit_step CHECK ((step = ANY (ARRAY['staging'::text, 'staged'::text, 'delivered'::text, 'verified'::text, 'rejected'::text, 'abandoned'::text, 'missed'::text]))),
    CONSTRAINT deposit_stream CHECK ((stream ~ '^[a-z][a-z0-9-]{0,47}$'::text))
);

CREATE TABLE public.disclosure_package (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    case_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    state text DEFAULT 'built'::text NOT NULL,
    sha256 bytea NOT NULL,
    octets integer NOT NULL,
    content bytea,
    copy_id text NOT NULL,
    recipient_openpgp text NOT NULL,
    recipient_sha256 bytea NOT NULL,
    releaser text NOT NULL,
    fields text[] NOT NULL,
    terms bytea NOT NULL,
    delete_by date NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    collected_at timestamp with time zone,
    receipted_at timestamp with time zone,
    expired_at timestamp with time zone,
    CONSTRAINT disclosure_package_collected CHECK (((collected_at IS NOT NULL) = (state = ANY (ARRAY['collected'::text, 'receipted'::text])))),
    CONSTRAINT disclosure_package_content CHECK (((octet_length(content) >= 1) AND (octet_length(content) <= 4194304))),
    CONSTRAINT disclosure_package_copy CHECK ((copy_id ~ '^[0-9A-Z-]{8,32}$'::text)),
    CONSTRAINT disclosure_package_expired CHECK (((expired_at IS NOT NULL) = (state = 'expired'::text))),
    CONSTRAINT disclosure_package_fields CHECK (((cardinality(fields) >= 1) AND (cardinality(fields) <= 64))),
    CONSTRAINT disclosure_package_kept CHECK (((content IS NOT NULL) = (state = ANY (ARRAY['built'::text, 'released'::text])))),
    CONSTRAINT disclosure_package_octets CHECK ((octets > 0)),
    CONSTRAINT disclosure_package_receipted CHECK (((receipted_at IS NOT NULL) = (state = 'receipted'::text))),
    CONSTRAINT disclosure_package_recipient CHECK ((recipient_openpgp ~ '^([0-9A-F]{40}|[0-9A-F]{64})?$'::text)),
    CONSTRAINT disclosure_package_recipient_sha256 CHECK ((length(recipient_sha256) = 32)),
    CONSTRAINT disclosure_package_released CHECK (((state = ANY (ARRAY['built'::text, 'expired'::text])) OR (released_at IS NOT NULL))),
    CONSTRAINT disclosure_package_releaser CHECK ((releaser ~ '^[a-z][a-z0-9-]{0,31}$'::text)),
    CONSTRAINT disclosure_package_sha256 CHECK ((length(sha256) = 32)),
    CONSTRAINT disclosure_package_state CHECK ((state = ANY (ARRAY['built'::text, 'released'::text, 'collected'::text, 'receipted'::text, 'expired'::text]))),
    CONSTRAINT disclosure_package_terms CHECK ((length(terms) = 32))
);

CREATE TABLE public.email_verification (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    record_version integer NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    verified_at timestamp with time zone,
    settled_at timestamp with time zone,
    notice_id uuid,
    reminder_id uuid,
    look_at timestamp with time zone,
    CONSTRAINT email_verification_reason CHECK ((reason ~ '^[a-z0-9_]{0,48}$'::text)),
    CONSTRAINT email_verification_settled CHECK (((state = 'asked'::text) = (settled_at IS NULL))),
    CONSTRAINT email_verification_state CHECK ((state = ANY (ARRAY['asked'::text, 'verified'::text, 'by_registrar'::text, 'undeliverable'::text, 'overdue'::text, 'ours'::text]))),
    CONSTRAINT email_verification_verified CHECK (((state = 'verified'::text) = (verified_at IS NOT NULL)))
);

CREATE TABLE public.erasure (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    version integer NOT NULL,
    erased_at timestamp with time zone NOT NULL,
    backups_until timestamp with time zone NOT NULL
);

CREATE TABLE public.event (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    pos bigint,
    seq bigint NOT NULL,
    registration_id uuid NOT NULL,
    domain text NOT NULL,
    reseller text,
    former_reseller text
);

CREATE TABLE public.event_horizon (
    is_one boolean DEFAULT true NOT NULL,
    pos bigint NOT NULL,
    CONSTRAINT event_horizon_one CHECK (is_one)
);

ALTER TABLE public.event ALTER COLUMN seq ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.event_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.evidence (
    case_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    media_type text NOT NULL,
    octets bigint NOT NULL,
    sha256 bytea NOT NULL,
    first_version integer NOT NULL,
    records integer NOT NULL,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT evidence_first CHECK ((first_version > 0)),
    CONSTRAINT evidence_kind CHECK ((kind ~ '^[a-z][a-z0-9_]{0,47}$'::text)),
    CONSTRAINT evidence_media_type CHECK ((length(media_type) <= 100)),
    CONSTRAINT evidence_octets CHECK ((octets >= 0)),
    CONSTRAINT evidence_records CHECK ((records > 0)),
    CONSTRAINT evidence_sha256 CHECK ((length(sha256) = 32))
);

CREATE TABLE public.former_alias (
    alias text NOT NULL,
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    accepted_until timestamp with time zone NOT NULL
);

CREATE TABLE public.published_profile (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    revision integer NOT NULL,
    body jsonb NOT NULL,
    pos bigint,
    CONSTRAINT published_profile_pos_check CHECK ((pos > 0))
);

CREATE TABLE public.registration (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    domain text NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    declared jsonb NOT NULL,
    reference text NOT NULL,
    alias text NOT NULL,
    record_version integer NOT NULL,
    contacts_mac bytea NOT NULL,
    hold boolean DEFAULT false NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    lapses_at timestamp with time zone,
    ended_at timestamp with time zone,
    end_reason text,
    shredded_at timestamp with time zone,
    CONSTRAINT registration_contacts_mac_check CHECK ((length(contacts_mac) = 32)),
    CONSTRAINT registration_domain_check CHECK (((length(domain) >= 3) AND (length(domain) <= 253))),
    CONSTRAINT registration_end CHECK (((state = 'ended'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT registration_end_reason CHECK (((end_reason IS NOT NULL) = (state = ANY (ARRAY['ending'::text, 'ended'::text])))),
    CONSTRAINT registration_end_reason_check CHECK ((end_reason = ANY (ARRAY['registry_deleted'::text, 'transferred_out'::text, 'left_service'::text, 'error'::text, 'lapsed'::text, 'replaced'::text]))),
    CONSTRAINT registration_record_version_check CHECK ((record_version > 0)),
    CONSTRAINT registration_revision_check CHECK ((revision > 0)),
    CONSTRAINT registration_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'active'::text, 'claimed'::text, 'ending'::text, 'ended'::text])))
);

CREATE TABLE public.sponsor_shown (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

CREATE VIEW public.holding WITH (security_invoker='true') AS
 SELECT tenant_id,
    id,
    domain,
    state,
    revision,
    declared,
    reference,
    alias,
    enrolled_at,
    ended_at,
    end_reason,
    COALESCE(( SELECT ((profile.body ->> 'trust'::text) = 'declared'::text)
           FROM public.published_profile profile
          WHERE ((profile.tenant_id = kept.tenant_id) AND (profile.id = (kept.declared ->> 'profile'::text)))), false) AS is_declared,
    ( SELECT accreditation.iana_id
           FROM public.accreditation
          WHERE ((accreditation.tenant_id = kept.tenant_id) AND (accreditation.id = (kept.declared ->> 'accreditation'::text)))) AS iana_id,
    ARRAY( SELECT accreditation.iana_id
           FROM public.accreditation
          WHERE ((accreditation.tenant_id = kept.tenant_id) AND (accreditation.iana_id IS NOT NULL))
          ORDER BY accreditation.iana_id
         LIMIT 1000) AS iana_ids,
    ( SELECT shown.seen_at
           FROM public.sponsor_shown shown
          WHERE ((shown.tenant_id = kept.tenant_id) AND (shown.registration_id = kept.id))) AS shown_at
   FROM public.registration kept;

CREATE TABLE public.idempotency (
    tenant_id uuid NOT NULL,
    route text NOT NULL,
    key_sha256 bytea NOT NULL,
    body_mac bytea NOT NULL,
    status integer,
    headers jsonb,
    response bytea,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.import_name (
    tenant_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    domain text NOT NULL
);

CREATE TABLE public.intake_key (
    id bigint NOT NULL,
    public_key bytea NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    signature bytea NOT NULL
);

CREATE TABLE public.journal_epoch (
    epoch bigint NOT NULL,
    cluster text NOT NULL,
    first_pos bigint NOT NULL,
    next_pos bigint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    current_at timestamp with time zone NOT NULL,
    CONSTRAINT journal_epoch_check CHECK ((next_pos >= first_pos)),
    CONSTRAINT journal_epoch_first_pos_check CHECK ((first_pos > 0))
);

CREATE TABLE public.key_rotation (
    id uuid NOT NULL,
    kind text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    total bigint NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    target_epoch integer NOT NULL,
    CONSTRAINT key_rotation_kind_check CHECK ((kind = ANY (ARRAY['rewrap'::text, 'compromised'::text])))
);

CREATE TABLE public.ledger_checkpoint (
    size bigint NOT NULL,
    note text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_checkpoint_size_check CHECK ((size >= 0))
);

CREATE TABLE public.ledger_cosignature (
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_cosignature_line_check CHECK (((length(line) >= 1) AND (length(line) <= 1024))),
    CONSTRAINT ledger_cosignature_witness_check CHECK (((length(witness) >= 1) AND (length(witness) <= 255)))
);

CREATE TABLE public.ledger_entry (
    id uuid NOT NULL,
    tenant_id uuid,
    subject text NOT NULL,
    kind text NOT NULL,
    facts jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    leaf_index bigint,
    CONSTRAINT ledger_entry_at_range CHECK (((at >= '1970-01-01 00:00:00+00'::timestamp with time zone) AND (at < '2200-01-01 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT ledger_entry_facts_length CHECK ((octet_length((facts)::text) <= 262144)),
    CONSTRAINT ledger_entry_facts_object CHECK ((jsonb_typeof(facts) = 'object'::text)),
    CONSTRAINT ledger_entry_kind_check CHECK ((kind ~ '^[a-z_]+$'::text)),
    CONSTRAINT ledger_entry_kind_length CHECK ((octet_length(kind) <= 63)),
    CONSTRAINT ledger_entry_subject_length CHECK (((octet_length(subject) >= 1) AND (octet_length(subject) <= 255)))
);

CREATE TABLE public.ledger_leaf (
    index bigint NOT NULL,
    commitment bytea NOT NULL,
    CONSTRAINT ledger_leaf_commitment_check CHECK ((length(commitment) = 32)),
    CONSTRAINT ledger_leaf_index_check CHECK ((index >= 0))
);

CREATE TABLE public.ledger_tile (
    level integer NOT NULL,
    index bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT ledger_tile_hashes_check CHECK ((length(hashes) = 8192)),
    CONSTRAINT ledger_tile_index_check CHECK ((index >= 0)),
    CONSTRAINT ledger_tile_level_check CHECK (((level >= 0) AND (level <= 7)))
);

CREATE TABLE public.legal_hold (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    case_id uuid NOT NULL,
    placed_by text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    lifted_at timestamp with time zone
);

CREATE TABLE public.notice (
    id uuid NOT NULL,
    case_id uuid,
    template text NOT NULL,
    to_party text NOT NULL,
    facts jsonb NOT NULL,
    purpose text DEFAULT ''::text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    try_after timestamp with time zone,
    reason text DEFAULT ''::text NOT NULL,
    reply integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    message_id text,
    template_version integer,
    language text,
    handed_at timestamp with time zone,
    delivered_at timestamp with time zone,
    bounced_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    delivery_told_at timestamp with time zone,
    bounce_told_at timestamp with time zone,
    tenant_id uuid,
    registration_id uuid,
    kind text,
    CONSTRAINT notice_about CHECK (
CASE
    WHEN (case_id IS NULL) THEN ((num_nulls(tenant_id, registration_id, kind) = 0) AND (to_party = 'registrant'::text))
    ELSE (num_nonnulls(tenant_id, registration_id, kind) = 0)
END),
    CONSTRAINT notice_attempts CHECK ((attempts >= 0)),
    CONSTRAINT notice_bounce_told CHECK (((bounce_told_at IS NULL) OR (bounced_at IS NOT NULL))),
    CONSTRAINT notice_delivery_told CHECK (((delivery_told_at IS NULL) OR (delivered_at IS NOT NULL) OR (acknowledged_at IS NOT NULL))),
    CONSTRAINT notice_due CHECK (((state = ANY (ARRAY['queued'::text, 'sending'::text])) = (try_after IS NOT NULL))),
    CONSTRAINT notice_facts CHECK (((jsonb_typeof(facts) = 'object'::text) AND (octet_length((facts)::text) <= 16384))),
    CONSTRAINT notice_kind CHECK ((kind ~ '^[a-z][a-z0-9_]{0,47}$'::text)),
    CONSTRAINT notice_language CHECK ((language ~ '^[a-zA-Z0-9-]{1,35}$'::text)),
    CONSTRAINT notice_message_id CHECK ((length(message_id) <= 320)),
    CONSTRAINT notice_purpose CHECK ((purpose ~ '^[a-z0-9_]{0,48}$'::text)),
    CONSTRAINT notice_reason CHECK ((reason ~ '^[a-z0-9_]{0,48}$'::text)),
    CONSTRAINT notice_reply CHECK (((reply >= 0) AND (reply <= 599))),
    CONSTRAINT notice_state CHECK ((state = ANY (ARRAY['queued'::text, 'sending'::text, 'handed'::text, 'delivered'::text, 'bounced'::text, 'withheld'::text]))),
    CONSTRAINT notice_subject CHECK ((length(subject) <= 64)),
    CONSTRAINT notice_template CHECK ((template ~ '^[a-z][a-z0-9_]{0,63}$'::text)),
    CONSTRAINT notice_to CHECK ((to_party = ANY (ARRAY['registrant'::text, 'requester'::text])))
);

CREATE TABLE public.operation (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    total bigint,
    done bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    absent bigint,
    reason text,
    started_at timestamp with time zone NOT NULL,
    touched_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    reseller text,
    CONSTRAINT operation_kind_check CHECK ((kind = 'import'::text)),
    CONSTRAINT operation_state_check CHECK ((state = ANY (ARRAY['running'::text, 'succeeded'::text, 'failed'::text])))
);

CREATE TABLE public.operation_error (
    tenant_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    line bigint NOT NULL,
    code text NOT NULL,
    faults jsonb NOT NULL
);

CREATE TABLE public.outage (
    what text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    CONSTRAINT outage_length CHECK ((ended_at > started_at)),
    CONSTRAINT outage_what CHECK ((what = ANY (ARRAY['web'::text, 'relay'::text])))
);

CREATE TABLE public.portfolio (
    tenant_id uuid NOT NULL,
    accreditation text NOT NULL,
    domain text NOT NULL,
    CONSTRAINT portfolio_domain CHECK (((length(domain) >= 3) AND (length(domain) <= 253)))
);

CREATE TABLE public.portfolio_declared (
    tenant_id uuid NOT NULL,
    accreditation text NOT NULL,
    domains bigint NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    CONSTRAINT portfolio_declared_accreditation CHECK ((accreditation ~ '^[a-z0-9][a-z0-9-]{0,63}$'::text)),
    CONSTRAINT portfolio_declared_domains CHECK ((domains >= 0))
);

CREATE TABLE public.profile (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    revision integer NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT profile_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,63}$'::text)),
    CONSTRAINT profile_revision_check CHECK ((revision > 0))
);

CREATE TABLE public.publication (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    id uuid NOT NULL,
    record_version integer NOT NULL,
    fields text[] NOT NULL,
    standing text DEFAULT 'waiting'::text NOT NULL,
    instructed_at timestamp with time zone NOT NULL,
    letter_id uuid,
    not_before timestamp with time zone,
    look_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    left_out text[] DEFAULT '{}'::text[] NOT NULL,
    ended_at timestamp with time zone,
    is_told boolean DEFAULT false NOT NULL,
    CONSTRAINT publication_ended CHECK (((ended_at IS NULL) = (standing = ANY (ARRAY['waiting'::text, 'published'::text])))),
    CONSTRAINT publication_fields CHECK (((cardinality(fields) >= 1) AND (cardinality(fields) <= 64))),
    CONSTRAINT publication_standing CHECK ((standing = ANY (ARRAY['waiting'::text, 'published'::text, 'objected'::text, 'withdrawn'::text, 'replaced'::text, 'undeliverable'::text, 'changed'::text, 'too_large'::text, 'lapsed'::text]))),
    CONSTRAINT publication_version CHECK ((record_version > 0))
);

CREATE TABLE public.published (
    domain text NOT NULL COLLATE pg_catalog."C",
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    value bytea,
    pos bigint,
    CONSTRAINT published_pos_check CHECK ((pos > 0)),
    CONSTRAINT published_value_check CHECK ((length(value) <= 2048))
)
WITH (fillfactor='70');

CREATE TABLE public.quota (
    tenant_id uuid NOT NULL,
    reseller text NOT NULL,
    names bigint NOT NULL,
    used bigint,
    CONSTRAINT quota_positive CHECK ((names > 0))
);

CREATE TABLE public.recipient_ledger (
    package_id uuid NOT NULL,
    order_id uuid NOT NULL,
    case_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    recipient_sha256 bytea NOT NULL,
    fields text[] NOT NULL,
    released_at timestamp with time zone NOT NULL,
    delete_by date NOT NULL,
    CONSTRAINT recipient_ledger_fields CHECK (((cardinality(fields) >= 1) AND (cardinality(fields) <= 64))),
    CONSTRAINT recipient_ledger_recipient CHECK ((length(recipient_sha256) = 32))
);

CREATE TABLE public.registrar_effect (
    id uuid NOT NULL,
    place bigint NOT NULL,
    case_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    domain text NOT NULL,
    change text NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    seen text[],
    tries integer DEFAULT 0 NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    next_try timestamp with time zone NOT NULL,
    leased_until timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT registrar_effect_change CHECK ((change = ANY (ARRAY['hold'::text, 'unhold'::text, 'release_privacy'::text]))),
    CONSTRAINT registrar_effect_domain CHECK (((length(domain) >= 1) AND (length(domain) <= 253))),
    CONSTRAINT registrar_effect_ended CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['done'::text, 'withdrawn'::text])))),
    CONSTRAINT registrar_effect_seen CHECK ((cardinality(seen) <= 32)),
    CONSTRAINT registrar_effect_state CHECK ((state = ANY (ARRAY['asked'::text, 'by_hand'::text, 'done'::text, 'withdrawn'::text]))),
    CONSTRAINT registrar_effect_tries CHECK ((tries >= 0))
);

ALTER TABLE public.registrar_effect ALTER COLUMN place ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.registrar_effect_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reseller (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    profile text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT reseller_name CHECK (((length(name) >= 1) AND (length(name) <= 255)))
);

CREATE TABLE public.roster (
    sha256 bytea NOT NULL,
    version integer NOT NULL,
    document text NOT NULL,
    evidence jsonb NOT NULL,
    announced_at timestamp with time zone NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    CONSTRAINT roster_sha256_check CHECK ((length(sha256) = 32)),
    CONSTRAINT roster_version_check CHECK ((version > 0))
);

CREATE TABLE public.schema_migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone NOT NULL
);

CREATE TABLE public.sealed_record (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    class text NOT NULL,
    version integer NOT NULL,
    submission_id uuid,
    kek_epoch integer,
    record bytea,
    wrapped_dek bytea,
    superseded_at timestamp with time zone,
    failed text,
    CONSTRAINT sealed_record_adopted CHECK (((submission_id IS NULL) = (kek_epoch IS NOT NULL))),
    CONSTRAINT sealed_record_class_check CHECK ((class = ANY (ARRAY['reach'::text, 'identity'::text, 'evidence'::text, 'secret'::text]))),
    CONSTRAINT sealed_record_shredded CHECK (((record IS NULL) = (wrapped_dek IS NULL))),
    CONSTRAINT sealed_record_version_check CHECK ((version > 0))
);

CREATE TABLE public.sponsor_look (
    domain text NOT NULL COLLATE pg_catalog."C",
    registry text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    urgent boolean DEFAULT false NOT NULL,
    misses integer DEFAULT 0 NOT NULL,
    looked_at timestamp with time zone,
    reason text,
    iana_id integer,
    way text,
    registry_domain_id text,
    created_at timestamp with time zone,
    since timestamp with time zone,
    seen_at timestamp with time zone,
    mask_of uuid,
    mask_gone_since timestamp with time zone,
    CONSTRAINT sponsor_look_handle CHECK ((length(registry_domain_id) <= 255)),
    CONSTRAINT sponsor_look_iana_id CHECK ((iana_id > 0)),
    CONSTRAINT sponsor_look_misses CHECK ((misses >= 0)),
    CONSTRAINT sponsor_look_way CHECK ((way = ANY (ARRAY['rdap'::text, 'whois'::text]))),
    CONSTRAINT sponsor_look_whole CHECK ((((iana_id IS NULL) = (seen_at IS NULL)) AND ((way IS NULL) = (seen_at IS NULL)) AND ((since IS NULL) = (seen_at IS NULL))))
);

CREATE TABLE public.sponsor_secret (
    tenant_id uuid NOT NULL,
    secret bytea NOT NULL,
    CONSTRAINT sponsor_secret_length CHECK ((length(secret) = 32))
);

CREATE TABLE public.staff (
    person text NOT NULL,
    roles text[] NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    enrolled_at timestamp with time zone,
    CONSTRAINT staff_duties CHECK (((NOT ('administrator'::text = ANY (roles))) OR (cardinality(roles) = 1))),
    CONSTRAINT staff_enrolled CHECK (((state <> 'active'::text) OR (enrolled_at IS NOT NULL))),
    CONSTRAINT staff_person CHECK ((person ~ '^[a-z][a-z0-9-]{0,31}$'::text)),
    CONSTRAINT staff_roles CHECK (((cardinality(roles) >= 1) AND (cardinality(roles) <= 16))),
    CONSTRAINT staff_state CHECK ((state = ANY (ARRAY['invited'::text, 'active'::text, 'suspended'::text])))
);

CREATE TABLE public.staff_challenge (
    attempt_sha256 bytea NOT NULL,
    person text NOT NULL,
    nonce bytea NOT NULL,
    must_change boolean NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT staff_challenge_attempt CHECK ((length(attempt_sha256) = 32)),
    CONSTRAINT staff_challenge_nonce CHECK ((length(nonce) = 32))
);

CREATE TABLE public.staff_invitation (
    code_sha256 bytea NOT NULL,
    person text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    recovery uuid,
    used_at timestamp with time zone,
    CONSTRAINT staff_invitation_code CHECK ((length(code_sha256) = 32))
);

CREATE TABLE public.staff_key (
    person text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    public text NOT NULL,
    credential text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT staff_key_credential CHECK ((octet_length(credential) <= 1400)),
    CONSTRAINT staff_key_id CHECK (((id ~~ 'SHA256:%'::text) AND (octet_length(id) <= 64))),
    CONSTRAINT staff_key_kind CHECK ((kind = ANY (ARRAY['ssh-ed25519'::text, 'sk-ssh-ed25519@openssh.com'::text, 'webauthn'::text]))),
    CONSTRAINT staff_key_public CHECK ((octet_length(public) <= 4096))
);

CREATE TABLE public.staff_password (
    person text NOT NULL,
    number integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    hash text NOT NULL,
    CONSTRAINT staff_password_hash CHECK (((hash ~~ '$argon2id$%'::text) AND (octet_length(hash) <= 255))),
    CONSTRAINT staff_password_number CHECK ((number > 0))
);

CREATE TABLE public.staff_recovery (
    id uuid NOT NULL,
    person text NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    CONSTRAINT staff_recovery_approved CHECK (((approved_by IS NULL) = (approved_at IS NULL))),
    CONSTRAINT staff_recovery_two CHECK (((opened_by <> person) AND (approved_by <> person) AND (approved_by <> opened_by)))
);

CREATE TABLE public.staff_session (
    token_sha256 bytea NOT NULL,
    person text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    level text NOT NULL,
    must_change boolean NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT staff_session_level CHECK ((level = ANY (ARRAY['passkey'::text, 'security_key'::text, 'key'::text]))),
    CONSTRAINT staff_session_token CHECK ((length(token_sha256) = 32))
);

CREATE TABLE public.staff_slowness (
    kind text NOT NULL,
    slot integer NOT NULL,
    failures integer NOT NULL,
    failed_at timestamp with time zone NOT NULL,
    blocked_until timestamp with time zone NOT NULL,
    CONSTRAINT staff_slowness_failures CHECK ((failures >= 0)),
    CONSTRAINT staff_slowness_kind CHECK ((kind = ANY (ARRAY['person'::text, 'client'::text]))),
    CONSTRAINT staff_slowness_slot CHECK (((slot >= 0) AND (slot <= 1048575)))
);

CREATE TABLE public.submission (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    intake_key_id bigint NOT NULL,
    encapsulation bytea NOT NULL,
    signer_id text NOT NULL,
    signature bytea NOT NULL
);

CREATE TABLE public.tenant (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT tenant_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255)))
);

CREATE TABLE public.webhook (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    url text NOT NULL,
    reseller text,
    state text NOT NULL,
    secret_version integer NOT NULL,
    former_until timestamp with time zone,
    epoch bigint NOT NULL,
    pos bigint NOT NULL,
    failing_since timestamp with time zone,
    reason text DEFAULT ''::text NOT NULL,
    next_try timestamp with time zone NOT NULL,
    lease uuid,
    leased_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT webhook_secret CHECK ((secret_version > 0)),
    CONSTRAINT webhook_state CHECK ((state = ANY (ARRAY['on'::text, 'paused'::text, 'gone'::text]))),
    CONSTRAINT webhook_url CHECK (((length(url) >= 8) AND (length(url) <= 2000)))
);

CREATE TABLE public.webhook_letter (
    webhook_id uuid NOT NULL,
    pos bigint NOT NULL,
    event_id uuid NOT NULL,
    domain text NOT NULL,
    tries integer NOT NULL,
    next_try timestamp with time zone NOT NULL,
    reason text NOT NULL,
    dead_at timestamp with time zone
);

ALTER TABLE ONLY public.accreditation
    ADD CONSTRAINT accreditation_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.approval_order
    ADD CONSTRAINT approval_order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.approval_vote
    ADD CONSTRAINT approval_vote_pkey PRIMARY KEY (order_id, person);

ALTER TABLE ONLY public.beat
    ADD CONSTRAINT beat_pkey PRIMARY KEY (what);

ALTER TABLE ONLY public.blind_index
    ADD CONSTRAINT blind_index_pkey PRIMARY KEY (tenant_id, registration_id);

ALTER TABLE ONLY public.calendar
    ADD CONSTRAINT calendar_pkey PRIMARY KEY (id, version);

ALTER TABLE ONLY public.case_deadline
    ADD CONSTRAINT case_deadline_pkey PRIMARY KEY (case_id, name, round);

ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_id_key UNIQUE (id);

ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_pkey PRIMARY KEY (case_id, seq);

ALTER TABLE ONLY public.case_file
    ADD CONSTRAINT case_file_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.case_order
    ADD CONSTRAINT case_order_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY public.case_task
    ADD CONSTRAINT case_task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.deposit
    ADD CONSTRAINT deposit_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.disclosure_package
    ADD CONSTRAINT disclosure_package_order UNIQUE (order_id);

ALTER TABLE ONLY public.disclosure_package
    ADD CONSTRAINT disclosure_package_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.email_verification
    ADD CONSTRAINT email_verification_pkey PRIMARY KEY (tenant_id, registration_id);

ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (tenant_id, registration_id, version);

ALTER TABLE ONLY public.event_horizon
    ADD CONSTRAINT event_horizon_pkey PRIMARY KEY (is_one);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pos_key UNIQUE (pos);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (case_id, id);

ALTER TABLE ONLY public.former_alias
    ADD CONSTRAINT former_alias_pkey PRIMARY KEY (alias);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, route, key_sha256);

ALTER TABLE ONLY public.import_name
    ADD CONSTRAINT import_name_pkey PRIMARY KEY (tenant_id, operation_id, domain);

ALTER TABLE ONLY public.intake_key
    ADD CONSTRAINT intake_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.journal_epoch
    ADD CONSTRAINT journal_epoch_pkey PRIMARY KEY (epoch);

ALTER TABLE ONLY public.key_rotation
    ADD CONSTRAINT key_rotation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ledger_checkpoint
    ADD CONSTRAINT ledger_checkpoint_pkey PRIMARY KEY (size);

ALTER TABLE ONLY public.ledger_cosignature
    ADD CONSTRAINT ledger_cosignature_pkey PRIMARY KEY (size, witness);

ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_leaf_index_key UNIQUE (leaf_index);

ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ledger_leaf
    ADD CONSTRAINT ledger_leaf_pkey PRIMARY KEY (index);

ALTER TABLE ONLY public.ledger_tile
    ADD CONSTRAINT ledger_tile_pkey PRIMARY KEY (level, index);

ALTER TABLE ONLY public.legal_hold
    ADD CONSTRAINT legal_hold_pkey PRIMARY KEY (tenant_id, registration_id, case_id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.operation_error
    ADD CONSTRAINT operation_error_pkey PRIMARY KEY (tenant_id, operation_id, line);

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.outage
    ADD CONSTRAINT outage_pkey PRIMARY KEY (what, started_at);

ALTER TABLE ONLY public.portfolio_declared
    ADD CONSTRAINT portfolio_declared_pkey PRIMARY KEY (tenant_id, accreditation);

ALTER TABLE ONLY public.portfolio
    ADD CONSTRAINT portfolio_pkey PRIMARY KEY (tenant_id, accreditation, domain);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.publication
    ADD CONSTRAINT publication_pkey PRIMARY KEY (tenant_id, registration_id, id);

ALTER TABLE ONLY public.published
    ADD CONSTRAINT published_pkey PRIMARY KEY (domain);

ALTER TABLE ONLY public.published_profile
    ADD CONSTRAINT published_profile_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (tenant_id, reseller);

ALTER TABLE ONLY public.recipient_ledger
    ADD CONSTRAINT recipient_ledger_order UNIQUE (order_id);

ALTER TABLE ONLY public.recipient_ledger
    ADD CONSTRAINT recipient_ledger_pkey PRIMARY KEY (package_id);

ALTER TABLE ONLY public.registrar_effect
    ADD CONSTRAINT registrar_effect_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.registration
    ADD CONSTRAINT registration_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reseller
    ADD CONSTRAINT reseller_pkey PRIMARY KEY (tenant_id, name);

ALTER TABLE ONLY public.roster
    ADD CONSTRAINT roster_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.sealed_record
    ADD CONSTRAINT sealed_record_pkey PRIMARY KEY (tenant_id, registration_id, class, version);

ALTER TABLE ONLY public.sponsor_look
    ADD CONSTRAINT sponsor_look_pkey PRIMARY KEY (domain);

ALTER TABLE ONLY public.sponsor_secret
    ADD CONSTRAINT sponsor_secret_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.sponsor_shown
    ADD CONSTRAINT sponsor_shown_pkey PRIMARY KEY (tenant_id, registration_id);

ALTER TABLE ONLY public.staff_challenge
    ADD CONSTRAINT staff_challenge_pkey PRIMARY KEY (attempt_sha256);

ALTER TABLE ONLY public.staff_invitation
    ADD CONSTRAINT staff_invitation_pkey PRIMARY KEY (code_sha256);

ALTER TABLE ONLY public.staff_key
    ADD CONSTRAINT staff_key_pkey PRIMARY KEY (person, id);

ALTER TABLE ONLY public.staff_password
    ADD CONSTRAINT staff_password_pkey PRIMARY KEY (person, number);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_pkey PRIMARY KEY (person);

ALTER TABLE ONLY public.staff_recovery
    ADD CONSTRAINT staff_recovery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.staff_session
    ADD CONSTRAINT staff_session_pkey PRIMARY KEY (token_sha256);

ALTER TABLE ONLY public.staff_slowness
    ADD CONSTRAINT staff_slowness_pkey PRIMARY KEY (kind, slot);

ALTER TABLE ONLY public.submission
    ADD CONSTRAINT submission_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_letter
    ADD CONSTRAINT webhook_letter_pkey PRIMARY KEY (webhook_id, pos);

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);

CREATE INDEX approval_order_by_time ON public.approval_order USING btree (received_at);

CREATE INDEX blind_index_tokens ON public.blind_index USING gin (tokens) WITH (gin_pending_list_limit='256');

CREATE INDEX calendar_being_taken ON public.calendar USING btree (taken_at) WHERE ((taken_at IS NOT NULL) AND (taken_whole_at IS NULL));

CREATE INDEX case_deadline_due ON public.case_deadline USING btree (next_at, case_id) WHERE (next_at IS NOT NULL);

CREATE UNIQUE INDEX case_deadline_running ON public.case_deadline USING btree (case_id, name) WHERE (ended_at IS NULL);

CREATE INDEX case_event_unseen ON public.case_event USING btree (case_id, seq) WHERE (NOT is_seen);

CREATE INDEX case_file_by_registration ON public.case_file USING btree (tenant_id, registration_id);

CREATE INDEX case_file_open ON public.case_file USING btree (touched_at, id) WHERE is_open;

CREATE INDEX case_order_by_case ON public.case_order USING btree (case_id);

CREATE INDEX case_order_open ON public.case_order USING btree (look_at) WHERE (look_at IS NOT NULL);

CREATE INDEX case_task_by_case ON public.case_task USING btree (case_id);

CREATE INDEX case_task_open ON public.case_task USING btree (role, due_at, id) WHERE (done_at IS NULL);

CREATE INDEX deposit_by_slot ON public.deposit USING btree (tenant_id, stream, slot);

CREATE UNIQUE INDEX deposit_missed ON public.deposit USING btree (tenant_id, stream, slot) WHERE (step = 'missed'::text);

CREATE UNIQUE INDEX deposit_open ON public.deposit USING btree (tenant_id, stream) WHERE (step = ANY (ARRAY['staging'::text, 'staged'::text]));

CREATE INDEX disclosure_package_by_case ON public.disclosure_package USING btree (case_id);

CREATE INDEX disclosure_package_open ON public.disclosure_package USING btree (expires_at, id) WHERE (state = ANY (ARRAY['built'::text, 'released'::text]));

CREATE INDEX email_verification_look ON public.email_verification USING btree (look_at, registration_id) WHERE (look_at IS NOT NULL);

CREATE INDEX event_of_tenant ON public.event USING btree (tenant_id, pos);

CREATE INDEX event_unstamped ON public.event USING btree (seq) WHERE (pos IS NULL);

CREATE INDEX former_alias_by_registration ON public.former_alias USING btree (tenant_id, registration_id);

CREATE INDEX idempotency_age ON public.idempotency USING btree (created_at);

CREATE INDEX ledger_entry_waiting ON public.ledger_entry USING btree (at) WHERE (leaf_index IS NULL);

CREATE INDEX notice_by_case ON public.notice USING btree (case_id, queued_at);

CREATE INDEX notice_cases_waiting ON public.notice USING btree (try_after, id) WHERE ((try_after IS NOT NULL) AND (case_id IS NOT NULL));

CREATE INDEX notice_letters ON public.notice USING btree (queued_at, id) WHERE (case_id IS NULL);

CREATE INDEX notice_unproven ON public.notice USING btree (handed_at, id) WHERE (state = 'handed'::text);

CREATE INDEX notice_untold ON public.notice USING btree (id) WHERE ((case_id IS NOT NULL) AND ((((delivered_at IS NOT NULL) OR (acknowledged_at IS NOT NULL)) AND (delivery_told_at IS NULL)) OR ((bounced_at IS NOT NULL) AND (bounce_told_at IS NULL))));

CREATE INDEX notice_waiting ON public.notice USING btree (try_after, id) WHERE (try_after IS NOT NULL);

CREATE INDEX operation_running ON public.operation USING btree (touched_at) WHERE (state = 'running'::text);

CREATE INDEX outage_ended ON public.outage USING btree (ended_at);

CREATE INDEX publication_due ON public.publication USING btree (look_at) WHERE (ended_at IS NULL);

CREATE INDEX publication_lettered ON public.publication USING btree (instructed_at) WHERE ((letter_id IS NOT NULL) AND (ended_at IS NULL));

CREATE UNIQUE INDEX publication_open ON public.publication USING btree (tenant_id, registration_id) WHERE (ended_at IS NULL);

CREATE INDEX publication_untold ON public.publication USING btree (ended_at) WHERE ((ended_at IS NOT NULL) AND (NOT is_told));

CREATE UNIQUE INDEX published_pos ON public.published USING btree (pos) WHERE (pos IS NOT NULL);

CREATE UNIQUE INDEX published_profile_pos ON public.published_profile USING btree (pos) WHERE (pos IS NOT NULL);

CREATE INDEX published_profile_unstamped ON public.published_profile USING btree (tenant_id, id) WHERE (pos IS NULL);

CREATE INDEX published_registration ON public.published USING btree (registration_id);

CREATE INDEX published_unstamped ON public.published USING btree (domain) WHERE (pos IS NULL);

CREATE INDEX recipient_ledger_by_registration ON public.recipient_ledger USING btree (tenant_id, registration_id);

CREATE INDEX registrar_effect_by_case ON public.registrar_effect USING btree (case_id, place);

CREATE INDEX registrar_effect_by_name ON public.registrar_effect USING btree (domain, place);

CREATE INDEX registrar_effect_due ON public.registrar_effect USING btree (next_try, id) WHERE (state = 'asked'::text);

CREATE UNIQUE INDEX registration_alias ON public.registration USING btree (alias);

CREATE INDEX registration_changed ON public.registration USING btree (tenant_id, changed_at);

CREATE INDEX registration_claims ON public.registration USING btree (domain) WHERE (state = 'claimed'::text);

CREATE INDEX registration_erased_alive ON public.registration USING btree (tenant_id, id) WHERE ((shredded_at IS NOT NULL) AND (state <> 'ended'::text));

CREATE INDEX registration_lapses ON public.registration USING btree (lapses_at) WHERE (state = 'reserved'::text);

CREATE UNIQUE INDEX registration_live_domain ON public.registration USING btree (tenant_id, domain) WHERE (state <> 'ended'::text);

CREATE INDEX registration_shred ON public.registration USING btree (ended_at) WHERE ((state = 'ended'::text) AND (shredded_at IS NULL));

CREATE UNIQUE INDEX registration_speaker ON public.registration USING btree (domain) WHERE (state = ANY (ARRAY['active'::text, 'ending'::text]));

CREATE INDEX roster_by_version ON public.roster USING btree (version);

CREATE INDEX sealed_record_epoch ON public.sealed_record USING btree (class, kek_epoch) WHERE (wrapped_dek IS NOT NULL);

CREATE INDEX sealed_record_pending ON public.sealed_record USING btree (submission_id) WHERE (kek_epoch IS NULL);

CREATE INDEX sealed_record_superseded ON public.sealed_record USING btree (superseded_at) WHERE ((superseded_at IS NOT NULL) AND (wrapped_dek IS NOT NULL));

CREATE INDEX sponsor_look_due ON public.sponsor_look USING btree (registry, urgent, due_at);

CREATE INDEX sponsor_look_taken ON public.sponsor_look USING btree (registry, looked_at) WHERE (looked_at IS NOT NULL);

CREATE INDEX staff_challenge_expiry ON public.staff_challenge USING btree (expires_at);

CREATE INDEX staff_invitation_by_person ON public.staff_invitation USING btree (person);

CREATE UNIQUE INDEX staff_key_one_person ON public.staff_key USING btree (id) WHERE (ended_at IS NULL);

CREATE INDEX staff_recovery_by_person ON public.staff_recovery USING btree (person, opened_at);

CREATE INDEX staff_session_by_person ON public.staff_session USING btree (person) WHERE (ended_at IS NULL);

CREATE INDEX webhook_letter_living ON public.webhook_letter USING btree (webhook_id, domain, pos) WHERE (dead_at IS NULL);

CREATE INDEX webhook_letter_of_event ON public.webhook_letter USING btree (event_id);

CREATE INDEX webhook_of_tenant ON public.webhook USING btree (tenant_id, id);

CREATE TRIGGER case_event_append_only BEFORE DELETE OR UPDATE ON public.case_event FOR EACH ROW EXECUTE FUNCTION public.refuse_event_change();

CREATE TRIGGER disclosure_package_moves_on BEFORE DELETE OR UPDATE ON public.disclosure_package FOR EACH ROW EXECUTE FUNCTION public.refuse_package_change();

CREATE TRIGGER email_verification_event AFTER UPDATE ON public.email_verification FOR EACH ROW WHEN (((new.state <> old.state) AND (new.state = ANY (ARRAY['verified'::text, 'undeliverable'::text, 'overdue'::text, 'ours'::text])))) EXECUTE FUNCTION public.event_email();

CREATE TRIGGER ledger_checkpoint_append_only BEFORE DELETE OR UPDATE ON public.ledger_checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER ledger_cosignature_append_only BEFORE DELETE OR UPDATE ON public.ledger_cosignature FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER ledger_entry_append_only BEFORE DELETE OR UPDATE ON public.ledger_entry FOR EACH ROW EXECUTE FUNCTION public.refuse_entry_change();

CREATE TRIGGER ledger_leaf_append_only BEFORE DELETE OR UPDATE ON public.ledger_leaf FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER ledger_tile_append_only BEFORE DELETE OR UPDATE ON public.ledger_tile FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER notice_email_known AFTER UPDATE ON public.notice FOR EACH ROW WHEN (((new.kind = 'email_verification'::text) AND (new.case_id IS NULL) AND (((new.state = ANY (ARRAY['bounced'::text, 'withheld'::text])) AND (old.state <> new.state)) OR (new.acknowledged_at IS DISTINCT FROM old.acknowledged_at)))) EXECUTE FUNCTION public.email_letter_known();

CREATE TRIGGER notice_keeps BEFORE DELETE OR UPDATE ON public.notice FOR EACH ROW EXECUTE FUNCTION public.refuse_notice_change();

CREATE TRIGGER publication_event AFTER UPDATE ON public.publication FOR EACH ROW WHEN ((old.standing <> new.standing)) EXECUTE FUNCTION public.event_publication();

CREATE TRIGGER published_profile_unstamp BEFORE UPDATE OF body ON public.published_profile FOR EACH ROW WHEN (((new.pos IS NOT NULL) AND (new.body IS DISTINCT FROM old.body))) EXECUTE FUNCTION public.unstamp();

CREATE TRIGGER published_unstamp BEFORE UPDATE OF value ON public.published FOR EACH ROW WHEN (((new.pos IS NOT NULL) AND (new.value IS DISTINCT FROM old.value))) EXECUTE FUNCTION public.unstamp();

CREATE TRIGGER recipient_ledger_append_only BEFORE DELETE OR UPDATE ON public.recipient_ledger FOR EACH ROW EXECUTE FUNCTION public.refuse_recipient_change();

CREATE TRIGGER registration_email_changed AFTER UPDATE ON public.registration FOR EACH ROW WHEN ((((new.state = 'ended'::text) AND (old.state <> 'ended'::text)) OR ((new.state = 'active'::text) AND ((old.state = ANY (ARRAY['reserved'::text, 'claimed'::text])) OR (old.record_version <> new.record_version))))) EXECUTE FUNCTION public.email_changed();

CREATE TRIGGER registration_email_enrolled AFTER INSERT ON public.registration REFERENCING NEW TABLE AS enrolled FOR EACH STATEMENT EXECUTE FUNCTION public.email_enrolled();

CREATE TRIGGER registration_erased_no_more BEFORE UPDATE ON public.registration FOR EACH ROW WHEN (((old.shredded_at IS NOT NULL) AND (new.record_version > old.record_version))) EXECUTE FUNCTION public.erased_no_more();

CREATE TRIGGER registration_event_changed AFTER UPDATE ON public.registration FOR EACH ROW WHEN ((old.revision <> new.revision)) EXECUTE FUNCTION public.event_changed();

CREATE TRIGGER registration_event_enrolled AFTER INSERT ON public.registration REFERENCING NEW TABLE AS enrolled FOR EACH STATEMENT EXECUTE FUNCTION public.event_enrolled();

CREATE TRIGGER registration_publication_unfit AFTER UPDATE ON public.registration FOR EACH ROW WHEN (((old.record_version <> new.record_version) OR ((old.declared ->> 'mode'::text) IS DISTINCT FROM (new.declared ->> 'mode'::text)) OR ((old.state <> new.state) AND (new.state <> ALL (ARRAY['active'::text, 'ending'::text]))))) EXECUTE FUNCTION public.publication_unfit();

CREATE TRIGGER registration_quota_changed AFTER UPDATE ON public.registration FOR EACH ROW WHEN ((((old.state = 'ended'::text) <> (new.state = 'ended'::text)) OR ((old.declared ->> 'reseller'::text) IS DISTINCT FROM (new.declared ->> 'reseller'::text)))) EXECUTE FUNCTION public.quota_changed();

CREATE TRIGGER registration_quota_enrolled AFTER INSERT ON public.registration REFERENCING NEW TABLE AS enrolled FOR EACH STATEMENT EXECUTE FUNCTION public.quota_enrolled();

CREATE TRIGGER staff_state_guard BEFORE UPDATE OF state ON public.staff FOR EACH ROW EXECUTE FUNCTION public.guard_staff_state();

ALTER TABLE ONLY public.accreditation
    ADD CONSTRAINT accreditation_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.approval_vote
    ADD CONSTRAINT approval_vote_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.approval_order(id);

ALTER TABLE ONLY public.case_deadline
    ADD CONSTRAINT case_deadline_calendar FOREIGN KEY (calendar_id, calendar_version) REFERENCES public.calendar(id, version);

ALTER TABLE ONLY public.case_deadline
    ADD CONSTRAINT case_deadline_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.case_file
    ADD CONSTRAINT case_file_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.case_order
    ADD CONSTRAINT case_order_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.case_task
    ADD CONSTRAINT case_task_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.deposit
    ADD CONSTRAINT deposit_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.disclosure_package
    ADD CONSTRAINT disclosure_package_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.disclosure_package
    ADD CONSTRAINT disclosure_package_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.ledger_cosignature
    ADD CONSTRAINT ledger_cosignature_size_fkey FOREIGN KEY (size) REFERENCES public.ledger_checkpoint(size);

ALTER TABLE ONLY public.legal_hold
    ADD CONSTRAINT legal_hold_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.operation_error
    ADD CONSTRAINT operation_error_tenant_id_operation_id_fkey FOREIGN KEY (tenant_id, operation_id) REFERENCES public.operation(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.portfolio
    ADD CONSTRAINT portfolio_is_declared FOREIGN KEY (tenant_id, accreditation) REFERENCES public.portfolio_declared(tenant_id, accreditation) ON DELETE CASCADE;

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.publication
    ADD CONSTRAINT publication_registration FOREIGN KEY (tenant_id, registration_id) REFERENCES public.registration(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.quota
    ADD CONSTRAINT quota_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.recipient_ledger
    ADD CONSTRAINT recipient_ledger_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.recipient_ledger
    ADD CONSTRAINT recipient_ledger_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.registrar_effect
    ADD CONSTRAINT registrar_effect_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.case_file(id);

ALTER TABLE ONLY public.registrar_effect
    ADD CONSTRAINT registrar_effect_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.registration
    ADD CONSTRAINT registration_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.reseller
    ADD CONSTRAINT reseller_profile FOREIGN KEY (tenant_id, profile) REFERENCES public.profile(tenant_id, id);

ALTER TABLE ONLY public.reseller
    ADD CONSTRAINT reseller_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.sponsor_secret
    ADD CONSTRAINT sponsor_secret_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.sponsor_shown
    ADD CONSTRAINT sponsor_shown_registration FOREIGN KEY (tenant_id, registration_id) REFERENCES public.registration(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.staff_challenge
    ADD CONSTRAINT staff_challenge_person_fkey FOREIGN KEY (person) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_invitation
    ADD CONSTRAINT staff_invitation_person_fkey FOREIGN KEY (person) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_invitation
    ADD CONSTRAINT staff_invitation_recovery_fkey FOREIGN KEY (recovery) REFERENCES public.staff_recovery(id);

ALTER TABLE ONLY public.staff_key
    ADD CONSTRAINT staff_key_person_fkey FOREIGN KEY (person) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_password
    ADD CONSTRAINT staff_password_person_fkey FOREIGN KEY (person) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_recovery
    ADD CONSTRAINT staff_recovery_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_recovery
    ADD CONSTRAINT staff_recovery_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_recovery
    ADD CONSTRAINT staff_recovery_person_fkey FOREIGN KEY (person) REFERENCES public.staff(person);

ALTER TABLE ONLY public.staff_session
    ADD CONSTRAINT staff_session_person_fkey FOREIGN KEY (person) REFERENCES public.staff(person);

ALTER TABLE ONLY public.submission
    ADD CONSTRAINT submission_intake_key_id_fkey FOREIGN KEY (intake_key_id) REFERENCES public.intake_key(id);

ALTER TABLE ONLY public.webhook_letter
    ADD CONSTRAINT webhook_letter_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_letter
    ADD CONSTRAINT webhook_letter_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES public.webhook(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
