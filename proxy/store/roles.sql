-- Who may touch what, on one page. Applied by the owner after every migration; idempotent.
-- Everything not granted here is denied. Login roles are made by the operator or the embedded
-- start; pp_owner owns the tables and is used by migrations alone.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, pp_api, pp_edge, pp_vault, pp_worker, pp_web, pp_escrow, pp_operator;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO pp_api, pp_edge, pp_vault, pp_worker, pp_web, pp_escrow, pp_operator;

-- edge (its follower; workers have no login at all): published rows, nothing else
GRANT SELECT ON published, journal_epoch, published_profile TO pp_edge;

-- api: declares registrations, writes sealed records it can not open
GRANT SELECT ON tenant, accreditation, profile, published_profile, api_key, intake_key TO pp_api;
GRANT SELECT, INSERT, DELETE ON import_name TO pp_api;
GRANT SELECT, INSERT, UPDATE ON published, idempotency, operation TO pp_api;
GRANT SELECT, INSERT, UPDATE (domain, state, revision, declared, reference, alias, record_version,
  contacts_mac, changed_at, lapses_at, ended_at, end_reason) ON registration TO pp_api;
GRANT DELETE ON idempotency TO pp_api;
GRANT SELECT, INSERT ON operation_error TO pp_api;
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

-- web: serves the public ledger; what it may know of orders and rosters it asks of the vault
GRANT SELECT ON ledger_leaf, ledger_tile, ledger_checkpoint TO pp_web;
GRANT SELECT, INSERT ON ledger_cosignature TO pp_web;

-- worker: sequences the journal, lapses reservations, tidies
GRANT SELECT, UPDATE ON published, published_profile TO pp_worker;
GRANT SELECT, INSERT, UPDATE ON journal_epoch TO pp_worker;
GRANT SELECT, UPDATE (state, revision, changed_at, lapses_at, ended_at, end_reason)
  ON registration TO pp_worker;
GRANT SELECT, UPDATE, DELETE ON operation TO pp_worker;
GRANT SELECT, DELETE ON idempotency, operation_error TO pp_worker;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_worker;
GRANT SELECT, INSERT, UPDATE ON event TO pp_worker;

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
GRANT SELECT, INSERT, UPDATE ON deposit TO pp_escrow;
GRANT SELECT (tenant_id, registration_id, version, contacts) ON blind_index TO pp_escrow;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_escrow;

-- operator: the command line (registrar add, doctor, status); counts, never sealed bytes
GRANT SELECT, INSERT ON tenant, accreditation, api_key TO pp_operator;
GRANT SELECT, INSERT, UPDATE ON profile, published_profile TO pp_operator;
GRANT UPDATE (revoked_at) ON api_key TO pp_operator;
GRANT SELECT ON registration, published, journal_epoch, operation, key_rotation, intake_key TO pp_operator;
GRANT SELECT (tenant_id, registration_id, class, version, kek_epoch, submission_id, failed, superseded_at)
  ON sealed_record TO pp_operator;
GRANT SELECT ON ledger_checkpoint, schema_migration TO pp_operator;
GRANT INSERT (id, tenant_id, subject, kind, facts, at) ON ledger_entry TO pp_operator;
-- the names that a registrar says it sponsors, and how deposits stand
GRANT SELECT, INSERT, DELETE ON portfolio TO pp_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio_declared TO pp_operator;
GRANT SELECT ON deposit TO pp_operator;
