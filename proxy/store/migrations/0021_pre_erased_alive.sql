-- concurrently
-- Registrations that a restored copy has brought back after their persons were erased: commonly none.
DROP INDEX CONCURRENTLY IF EXISTS registration_erased_alive;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY registration_erased_alive ON registration (tenant_id, id)
  WHERE shredded_at IS NOT NULL AND state <> 'ended';
