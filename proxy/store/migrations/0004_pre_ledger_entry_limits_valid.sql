-- The entries that are there keep to the limits as well: looked at without stopping writers.

SET lock_timeout = '5s';
SET statement_timeout = '600s';

ALTER TABLE ledger_entry
  VALIDATE CONSTRAINT ledger_entry_facts_object,
  VALIDATE CONSTRAINT ledger_entry_facts_length,
  VALIDATE CONSTRAINT ledger_entry_subject_length,
  VALIDATE CONSTRAINT ledger_entry_kind_length,
  VALIDATE CONSTRAINT ledger_entry_at_range;
