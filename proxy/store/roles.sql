-- Who may touch what, on one page. Applied by the owner after every migration; idempotent.
-- Everything not granted here is denied. Login roles are made by the operator or the embedded
-- start; pp_owner owns the tables and is used by migrations alone.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, pp_api, pp_edge, pp_vault, pp_worker, pp_web, pp_escrow, pp_relay, pp_operator;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO pp_api, pp_edge, pp_vault, pp_worker, pp_web, pp_escrow, pp_relay, pp_operator;

-- edge (its follower; workers have no login at all): published rows, nothing else
GRANT SELECT ON published, journal_epoch, published_profile TO pp_edge;

-- api: declares registrations, writes sealed records it can not open
GRANT SELECT ON tenant, accreditation, profile, published_profile, api_key, reseller, intake_key TO pp_api;
GRANT SELECT ON quota TO pp_api;
GRANT SELECT ON event, event_horizon, journal_epoch TO pp_api;
GRANT SELECT, INSERT, DELETE ON import_name TO pp_api;
GRANT SELECT, INSERT, UPDATE ON published, idempotency, operation TO pp_api;
GRANT SELECT, INSERT, UPDATE (domain, state, revision, declared, reference, alias, record_version,
  contacts_mac, changed_at, lapses_at, ended_at, end_reason) ON registration TO pp_api;
GRANT DELETE ON idempotency TO pp_api;
-- a mask's address is changed, and the former one still takes mail for a while
GRANT SELECT, INSERT, DELETE ON former_alias TO pp_api;
GRANT SELECT, INSERT ON operation_error TO pp_api;
-- who speaks for a name; tokens that show it in DNS are told to their tenant
GRANT SELECT ON sponsor_look, sponsor_shown, holding TO pp_api;
GRANT SELECT ON email_verification TO pp_api;
GRANT INSERT (domain, registry, due_at, urgent), UPDATE (due_at, urgent) ON sponsor_look TO pp_api;
GRANT SELECT, INSERT ON sponsor_secret TO pp_api;
-- instructions to publish: takes them, and ends them
GRANT SELECT, INSERT (tenant_id, registration_id, id, record_version, fields, instructed_at, look_at),
  UPDATE (standing, ended_at, is_told) ON publication TO pp_api;
GRANT INSERT ON submission, sealed_record TO pp_api;
-- an entry's place in the ledger is the vault's alone to give
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_api;
GRANT SELECT (tenant_id, registration_id, class, version, kek_epoch, superseded_at),
  UPDATE (superseded_at) ON sealed_record TO pp_api;

-- vault: the only reader of sealed bytes; sequences the ledger
GRANT SELECT, INSERT ON intake_key TO pp_vault;
GRANT DELETE ON intake_key TO pp_vault;
GRANT SELECT, DELETE ON submission TO pp_vault;
GRANT SELECT, UPDATE ON sealed_record TO pp_vault;
GRANT SELECT, INSERT, UPDATE, DELETE ON blind_index TO pp_vault;
GRANT SELECT, INSERT ON erasure TO pp_vault;
GRANT SELECT, INSERT, UPDATE ON key_rotation TO pp_vault;
GRANT SELECT (tenant_id, id, state, revision, record_version, hold, ended_at, end_reason, shredded_at),
  UPDATE (shredded_at) ON registration TO pp_vault;
GRANT SELECT, INSERT ON ledger_entry, ledger_leaf, ledger_checkpoint TO pp_vault;
GRANT UPDATE (leaf_index) ON ledger_entry TO pp_vault;
GRANT SELECT, INSERT ON ledger_tile, roster, approval_order, approval_vote TO pp_vault;
-- a vote that somebody forged or spoilt makes way for a true one
GRANT UPDATE (signature, voted_at) ON approval_vote TO pp_vault;
-- finding whom an alias belongs to, for the relay's grant
GRANT SELECT (alias) ON registration TO pp_vault;
GRANT SELECT ON former_alias TO pp_vault;
-- a registrar's read-back is of the name that it signed for
GRANT SELECT (domain) ON registration TO pp_vault;
-- a publication is of a registration in its mode; no person stands in what was declared
GRANT SELECT (declared) ON registration TO pp_vault;
-- cases: chains are checked against the vault's own state
GRANT SELECT ON case_file, case_event, evidence TO pp_vault;
GRANT UPDATE (is_seen) ON case_event TO pp_vault;
-- to whom a notice goes and what its link is for, before an address is sealed for it
GRANT SELECT (id, case_id, tenant_id, registration_id, kind, to_party, purpose, subject) ON notice TO pp_vault;
-- whether a letter is waited for, and which addresses are our own masks'
GRANT SELECT ON email_verification TO pp_vault;
GRANT SELECT (body) ON profile TO pp_vault;
-- packages: builds them; who gets one and when is not its part
GRANT SELECT, INSERT (id, order_id, case_id, tenant_id, sha256, octets, content, copy_id, recipient_openpgp,
  recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at),
  UPDATE (id, sha256, octets, content, copy_id, recipient_openpgp, recipient_sha256, releaser, fields,
  terms, delete_by, made_at, expires_at) ON disclosure_package TO pp_vault;

-- web: serves the public ledger; what it may know of orders and rosters it asks of the vault
GRANT SELECT ON ledger_leaf, ledger_tile, ledger_checkpoint TO pp_web;
GRANT SELECT, INSERT ON ledger_cosignature TO pp_web;

-- web: staff, registrants and requesters act on cases; what people write is sealed
GRANT SELECT (tenant_id, id, domain, state, record_version, enrolled_at, ended_at),
  UPDATE (hold) ON registration TO pp_web;
GRANT SELECT, INSERT ON case_file TO pp_web;
GRANT UPDATE (seq, head, state, is_open, touched_at, closed_at, handler) ON case_file TO pp_web;
GRANT SELECT, INSERT (case_id, seq, id, previous, hash, actor, role, act, facts, at)
  ON case_event TO pp_web;
GRANT SELECT, INSERT, UPDATE (done_at, done_by) ON case_task TO pp_web;
GRANT SELECT ON evidence TO pp_web;
GRANT SELECT, INSERT ON legal_hold TO pp_web;
GRANT SELECT, INSERT, UPDATE (state, look_at) ON case_order TO pp_web;
GRANT SELECT (id, place, case_id, tenant_id, registration_id, domain, change, state, seen, tries, asked_at),
  INSERT (id, case_id, tenant_id, registration_id, domain, change, asked_at, next_try),
  UPDATE (state, ended_at) ON registrar_effect TO pp_web;
GRANT SELECT (id, case_id, tenant_id, registration_id, kind, template, template_version, to_party, language,
  purpose, subject, state, attempts, queued_at, not_before, reason, reply, delivered_at, acknowledged_at,
  bounced_at),
  INSERT (id, case_id, template, to_party, facts, purpose, subject, queued_at, not_before,
  try_after),
  UPDATE (acknowledged_at) ON notice TO pp_web;
GRANT SELECT, UPDATE (state, content, released_at, collected_at, receipted_at, expires_at)
  ON disclosure_package TO pp_web;
GRANT SELECT, INSERT ON recipient_ledger TO pp_web;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_web;

-- web: what people hand in is sealed at once; it reads no record, and the vault takes evidence alone
GRANT SELECT ON intake_key TO pp_web;
GRANT INSERT ON submission, evidence TO pp_web;
GRANT INSERT (tenant_id, registration_id, class, version, submission_id, record, wrapped_dek)
  ON sealed_record TO pp_web;

-- web: acts set and change deadlines by calendars that are there; it says that it is up
GRANT SELECT, INSERT, UPDATE (history, calendar_version, due_at, fired, next_action, next_at, ended_at)
  ON case_deadline TO pp_web;
GRANT SELECT (id, version, document, made_at) ON calendar TO pp_web;
GRANT SELECT, INSERT, UPDATE (last_at) ON beat TO pp_web;
GRANT SELECT (what, started_at), INSERT ON outage TO pp_web;

-- web: who is signed in; it can not add people or change what they do
GRANT SELECT, UPDATE (state, enrolled_at) ON staff TO pp_web;
GRANT SELECT, INSERT, UPDATE (hash), DELETE ON staff_password TO pp_web;
GRANT SELECT, INSERT, UPDATE (credential, added_at, ended_at) ON staff_key TO pp_web;
GRANT SELECT, INSERT, UPDATE (last_seen_at, ended_at), DELETE ON staff_session TO pp_web;
GRANT SELECT, INSERT, DELETE ON staff_challenge TO pp_web;
GRANT SELECT, INSERT, UPDATE (used_at) ON staff_invitation TO pp_web;
GRANT SELECT, INSERT, UPDATE (approved_by, approved_at) ON staff_recovery TO pp_web;
GRANT SELECT, INSERT, UPDATE (failures, failed_at, blocked_until), DELETE ON staff_slowness TO pp_web;

-- worker: sequences the journal, lapses reservations, tidies
GRANT SELECT, UPDATE ON published, published_profile TO pp_worker;
-- looks for sponsors, and lets a claim speak when it is the sponsor's
GRANT INSERT ON published TO pp_worker;
GRANT SELECT (tenant_id, id, iana_id) ON accreditation TO pp_worker;
GRANT SELECT ON sponsor_secret, holding TO pp_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON sponsor_look, sponsor_shown TO pp_worker;
GRANT SELECT, INSERT, UPDATE ON journal_epoch TO pp_worker;
GRANT SELECT, UPDATE (state, revision, changed_at, lapses_at, ended_at, end_reason)
  ON registration TO pp_worker;
GRANT SELECT, UPDATE, DELETE ON operation TO pp_worker;
GRANT SELECT, DELETE ON idempotency, operation_error TO pp_worker;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_worker;
-- worker: has instructions to publish carried out, and what they show taken off
GRANT SELECT, UPDATE (standing, letter_id, not_before, look_at, published_at, left_out, ended_at, is_told)
  ON publication TO pp_worker;
-- worker: stamps events, and forgets old ones
GRANT SELECT, UPDATE (pos), DELETE ON event TO pp_worker;
GRANT SELECT, INSERT, UPDATE ON event_horizon TO pp_worker;
-- worker: sends events to endpoints; which there are is the operator's to say
GRANT SELECT, UPDATE (state, epoch, pos, failing_since, reason, next_try, lease, leased_until)
  ON webhook TO pp_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_letter TO pp_worker;
-- worker: verifications of addresses, where a profile asks for them
GRANT SELECT, DELETE, UPDATE (state, reason, verified_at, settled_at, notice_id, reminder_id, look_at)
  ON email_verification TO pp_worker;
GRANT SELECT (tenant_id, id, body) ON profile TO pp_worker;
-- cases: deadlines, deliveries, what follows from votes and packages
GRANT SELECT ON case_file TO pp_worker;
GRANT UPDATE (seq, head, state, is_open, touched_at, closed_at) ON case_file TO pp_worker;
GRANT SELECT, INSERT (case_id, seq, id, previous, hash, actor, role, act, facts, at)
  ON case_event TO pp_worker;
GRANT SELECT, INSERT, UPDATE (done_at, done_by) ON case_task TO pp_worker;
GRANT SELECT, INSERT, UPDATE (lifted_at) ON legal_hold TO pp_worker;
GRANT SELECT, UPDATE (state, look_at) ON case_order TO pp_worker;
GRANT SELECT, INSERT (id, case_id, tenant_id, registration_id, domain, change, asked_at, next_try),
  UPDATE (state, seen, tries, next_try, leased_until, ended_at) ON registrar_effect TO pp_worker;
GRANT SELECT (id, case_id, tenant_id, registration_id, kind, template, template_version, to_party, language,
  purpose, subject, state, attempts, queued_at, not_before, reason, reply, delivered_at, acknowledged_at,
  bounced_at, delivery_told_at, bounce_told_at, try_after),
  INSERT (id, case_id, tenant_id, registration_id, kind, template, to_party, facts, purpose, subject,
  queued_at, not_before, try_after),
  UPDATE (delivery_told_at, bounce_told_at), DELETE ON notice TO pp_worker;
GRANT SELECT (id, order_id, case_id, tenant_id, state, sha256, octets, copy_id, recipient_openpgp,
  recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at, released_at, collected_at,
  receipted_at), UPDATE (state, content, expired_at) ON disclosure_package TO pp_worker;
GRANT SELECT ON recipient_ledger TO pp_worker;
GRANT UPDATE (hold) ON registration TO pp_worker;
GRANT SELECT, INSERT, UPDATE (history, calendar_version, due_at, fired, next_action, next_at, ended_at)
  ON case_deadline TO pp_worker;
GRANT SELECT, UPDATE (taken_after, taken_whole_at) ON calendar TO pp_worker;
GRANT SELECT ON beat, outage TO pp_worker;

-- escrow: what goes into a deposit, people sealed; no wrapped key, so it opens nothing by itself
GRANT SELECT ON tenant, accreditation, published_profile, former_alias, portfolio, portfolio_declared
  TO pp_escrow;
-- not contacts_mac: who has it and the API's key could test guesses
GRANT SELECT (tenant_id, id, domain, state, revision, declared, reference, alias, record_version,
  hold, enrolled_at, changed_at, lapses_at, ended_at, end_reason, shredded_at)
  ON registration TO pp_escrow;
GRANT SELECT (tenant_id, registration_id, class, version, record, kek_epoch, superseded_at, failed)
  ON sealed_record TO pp_escrow;
GRANT SELECT (id, tenant_id, secret_sha256, scopes, reseller, created_at, revoked_at)
  ON api_key TO pp_escrow;
GRANT SELECT (tenant_id, name, profile) ON reseller TO pp_escrow;
GRANT SELECT, INSERT, UPDATE ON deposit TO pp_escrow;
GRANT SELECT (tenant_id, registration_id, version, contacts) ON blind_index TO pp_escrow;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_escrow;

-- relay: sends notices and hears what became of them; it adds none and changes no word of any
GRANT SELECT (id, case_id, tenant_id, registration_id, kind, template, to_party, facts, purpose, subject,
  queued_at, not_before, state, attempts, try_after, failing_since, message_id, handed_at, delivered_at, bounced_at,
  acknowledged_at) ON notice TO pp_relay;
GRANT UPDATE (state, attempts, try_after, reason, reply, failing_since, message_id,
  template_version, language, handed_at, delivered_at, bounced_at) ON notice TO pp_relay;
GRANT SELECT, INSERT, UPDATE (last_at) ON beat TO pp_relay;
GRANT SELECT (what, started_at), INSERT ON outage TO pp_relay;

-- operator: the command line (registrar add, doctor, status); counts, never sealed bytes
GRANT SELECT, INSERT ON tenant, accreditation, api_key TO pp_operator;
GRANT SELECT, INSERT, UPDATE ON profile, published_profile TO pp_operator;
GRANT UPDATE (revoked_at) ON api_key TO pp_operator;
GRANT SELECT, INSERT, UPDATE (profile), DELETE ON reseller TO pp_operator;
GRANT SELECT, INSERT, UPDATE (names, used), DELETE ON quota TO pp_operator;
GRANT SELECT, INSERT, DELETE, UPDATE (state, secret_version, former_until, epoch, pos, failing_since,
  reason, next_try, lease, leased_until) ON webhook TO pp_operator;
GRANT SELECT, DELETE, UPDATE (tries, next_try, dead_at) ON webhook_letter TO pp_operator;
GRANT SELECT ON event, publication TO pp_operator;
GRANT SELECT ON registration, published, journal_epoch, operation, key_rotation, intake_key TO pp_operator;
GRANT SELECT (tenant_id, registration_id, class, version, kek_epoch, submission_id, failed, superseded_at)
  ON sealed_record TO pp_operator;
GRANT SELECT ON ledger_checkpoint, schema_migration TO pp_operator;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_operator;
-- the names that a registrar says it sponsors, and how deposits stand
GRANT SELECT, INSERT, DELETE ON portfolio TO pp_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio_declared TO pp_operator;
GRANT SELECT ON deposit TO pp_operator;
-- staff: it invites, suspends and changes roles; it reads no hash, key, session or code
GRANT SELECT, INSERT (person, roles, state, created_at), UPDATE (state, roles) ON staff TO pp_operator;
GRANT SELECT (person, used_at), INSERT (code_sha256, person, made_at, expires_at), UPDATE (used_at)
  ON staff_invitation TO pp_operator;
GRANT SELECT (person, ended_at), UPDATE (ended_at) ON staff_session TO pp_operator;
-- how cases stand, for `clock explain`, lists and reports
GRANT SELECT ON case_file, case_event, case_task, evidence TO pp_operator;
GRANT SELECT (subject, kind, facts, at) ON ledger_entry TO pp_operator;
GRANT SELECT ON case_deadline, beat, outage TO pp_operator;
-- calendars: it makes versions, and says which one running deadlines follow
GRANT SELECT, INSERT, UPDATE (made_at, taken_at, taken_after, taken_whole_at)
  ON calendar TO pp_operator;
GRANT SELECT ON notice, email_verification TO pp_operator;
GRANT SELECT (id, order_id, case_id, tenant_id, state, sha256, octets, copy_id, recipient_openpgp,
  recipient_sha256, releaser, fields, terms, delete_by, made_at, expires_at, released_at, collected_at,
  receipted_at) ON disclosure_package TO pp_operator;
GRANT SELECT ON recipient_ledger TO pp_operator;
