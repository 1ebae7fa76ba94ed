-- How many contacts an adopted identity record holds, counted by the vault while it has it open:
-- an incremental escrow deposit has to tell how many contacts there are in all. Unknown for records
-- that were adopted before; the first deposit after them is a full one.

SET lock_timeout = '5s';
SET statement_timeout = '60s';

ALTER TABLE blind_index ADD COLUMN contacts bigint;
