-- The schema after all migrations, for reading. Written by `python -m tests.support.schema`.

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

CREATE TABLE public.blind_index (
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    version integer NOT NULL,
    tokens bytea[] NOT NULL,
    contacts bigint
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
    pos bigint
);

CREATE TABLE public.former_alias (
    alias text NOT NULL,
    tenant_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    accepted_until timestamp with time zone NOT NULL
);

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

ALTER TABLE ONLY public.accreditation
    ADD CONSTRAINT accreditation_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.approval_order
    ADD CONSTRAINT approval_order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.approval_vote
    ADD CONSTRAINT approval_vote_pkey PRIMARY KEY (order_id, person);

ALTER TABLE ONLY public.blind_index
    ADD CONSTRAINT blind_index_pkey PRIMARY KEY (tenant_id, registration_id);

ALTER TABLE ONLY public.deposit
    ADD CONSTRAINT deposit_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (tenant_id, registration_id, version);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pos_key UNIQUE (pos);

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

ALTER TABLE ONLY public.operation_error
    ADD CONSTRAINT operation_error_pkey PRIMARY KEY (tenant_id, operation_id, line);

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.portfolio_declared
    ADD CONSTRAINT portfolio_declared_pkey PRIMARY KEY (tenant_id, accreditation);

ALTER TABLE ONLY public.portfolio
    ADD CONSTRAINT portfolio_pkey PRIMARY KEY (tenant_id, accreditation, domain);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.published
    ADD CONSTRAINT published_pkey PRIMARY KEY (domain);

ALTER TABLE ONLY public.published_profile
    ADD CONSTRAINT published_profile_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.registration
    ADD CONSTRAINT registration_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.roster
    ADD CONSTRAINT roster_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.sealed_record
    ADD CONSTRAINT sealed_record_pkey PRIMARY KEY (tenant_id, registration_id, class, version);

ALTER TABLE ONLY public.submission
    ADD CONSTRAINT submission_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);

CREATE INDEX approval_order_by_time ON public.approval_order USING btree (received_at);

CREATE INDEX deposit_by_slot ON public.deposit USING btree (tenant_id, stream, slot);

CREATE UNIQUE INDEX deposit_missed ON public.deposit USING btree (tenant_id, stream, slot) WHERE (step = 'missed'::text);

CREATE UNIQUE INDEX deposit_open ON public.deposit USING btree (tenant_id, stream) WHERE (step = ANY (ARRAY['staging'::text, 'staged'::text]));

CREATE INDEX former_alias_by_registration ON public.former_alias USING btree (tenant_id, registration_id);

CREATE INDEX idempotency_age ON public.idempotency USING btree (created_at);

CREATE INDEX ledger_entry_waiting ON public.ledger_entry USING btree (at) WHERE (leaf_index IS NULL);

CREATE INDEX operation_running ON public.operation USING btree (touched_at) WHERE (state = 'running'::text);

CREATE UNIQUE INDEX published_pos ON public.published USING btree (pos) WHERE (pos IS NOT NULL);

CREATE UNIQUE INDEX published_profile_pos ON public.published_profile USING btree (pos) WHERE (pos IS NOT NULL);

CREATE INDEX published_profile_unstamped ON public.published_profile USING btree (tenant_id, id) WHERE (pos IS NULL);

CREATE INDEX published_registration ON public.published USING btree (registration_id);

CREATE INDEX published_unstamped ON public.published USING btree (domain) WHERE (pos IS NULL);

CREATE UNIQUE INDEX registration_alias ON public.registration USING btree (alias);

CREATE INDEX registration_changed ON public.registration USING btree (tenant_id, changed_at);

CREATE INDEX registration_lapses ON public.registration USING btree (lapses_at) WHERE (state = 'reserved'::text);

CREATE UNIQUE INDEX registration_live_domain ON public.registration USING btree (tenant_id, domain) WHERE (state <> 'ended'::text);

CREATE INDEX registration_shred ON public.registration USING btree (ended_at) WHERE ((state = 'ended'::text) AND (shredded_at IS NULL));

CREATE UNIQUE INDEX registration_speaker ON public.registration USING btree (domain) WHERE (state = ANY (ARRAY['active'::text, 'ending'::text]));

CREATE INDEX roster_by_version ON public.roster USING btree (version);

CREATE INDEX sealed_record_epoch ON public.sealed_record USING btree (class, kek_epoch) WHERE (wrapped_dek IS NOT NULL);

CREATE INDEX sealed_record_pending ON public.sealed_record USING btree (submission_id) WHERE (kek_epoch IS NULL);

CREATE INDEX sealed_record_superseded ON public.sealed_record USING btree (superseded_at) WHERE ((superseded_at IS NOT NULL) AND (wrapped_dek IS NOT NULL));

CREATE TRIGGER ledger_checkpoint_append_only BEFORE DELETE OR UPDATE ON public.ledger_checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER ledger_cosignature_append_only BEFORE DELETE OR UPDATE ON public.ledger_cosignature FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER ledger_entry_append_only BEFORE DELETE OR UPDATE ON public.ledger_entry FOR EACH ROW EXECUTE FUNCTION public.refuse_entry_change();

CREATE TRIGGER ledger_leaf_append_only BEFORE DELETE OR UPDATE ON public.ledger_leaf FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER ledger_tile_append_only BEFORE DELETE OR UPDATE ON public.ledger_tile FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER published_profile_unstamp BEFORE UPDATE OF body ON public.published_profile FOR EACH ROW WHEN (((new.pos IS NOT NULL) AND (new.body IS DISTINCT FROM old.body))) EXECUTE FUNCTION public.unstamp();

CREATE TRIGGER published_unstamp BEFORE UPDATE OF value ON public.published FOR EACH ROW WHEN (((new.pos IS NOT NULL) AND (new.value IS DISTINCT FROM old.value))) EXECUTE FUNCTION public.unstamp();

ALTER TABLE ONLY public.accreditation
    ADD CONSTRAINT accreditation_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.approval_vote
    ADD CONSTRAINT approval_vote_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.approval_order(id);

ALTER TABLE ONLY public.deposit
    ADD CONSTRAINT deposit_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.ledger_cosignature
    ADD CONSTRAINT ledger_cosignature_size_fkey FOREIGN KEY (size) REFERENCES public.ledger_checkpoint(size);

ALTER TABLE ONLY public.operation_error
    ADD CONSTRAINT operation_error_tenant_id_operation_id_fkey FOREIGN KEY (tenant_id, operation_id) REFERENCES public.operation(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.portfolio
    ADD CONSTRAINT portfolio_is_declared FOREIGN KEY (tenant_id, accreditation) REFERENCES public.portfolio_declared(tenant_id, accreditation) ON DELETE CASCADE;

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.registration
    ADD CONSTRAINT registration_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

ALTER TABLE ONLY public.submission
    ADD CONSTRAINT submission_intake_key_id_fkey FOREIGN KEY (intake_key_id) REFERENCES public.intake_key(id);
