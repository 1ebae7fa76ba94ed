-- concurrently
-- A recovery deposit reads the former aliases of a thousand registrations at a time.
DROP INDEX CONCURRENTLY IF EXISTS former_alias_by_registration;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY former_alias_by_registration ON former_alias (tenant_id, registration_id);
