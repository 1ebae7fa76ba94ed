-- What an entry of the ledger may be at most: several logins may write one, and the vault reads
-- them all. What the vault can not read for another reason it gives a leaf as unfit.

SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- An import of 5,000 rows names each of them by id and revision: some 220,000 octets.
ALTER TABLE ledger_entry
  ADD CONSTRAINT ledger_entry_facts_object CHECK (jsonb_typeof(facts) = 'object') NOT VALID,
  ADD CONSTRAINT ledger_entry_facts_length CHECK (octet_length(facts::text) <= 262144) NOT VALID,
  ADD CONSTRAINT ledger_entry_subject_length
    CHECK (octet_length(subject) BETWEEN 1 AND 255) NOT VALID,
  ADD CONSTRAINT ledger_entry_kind_length CHECK (octet_length(kind) <= 63) NOT VALID,
  ADD CONSTRAINT ledger_entry_at_range
    CHECK (at >= '1970-01-01T00:00:00Z' AND at < '2200-01-01T00:00:00Z') NOT VALID;
