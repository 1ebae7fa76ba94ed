-- A registration that a restored copy has brought back is marked, because its persons are erased, and
-- waits for the worker to end it. Whose registrar gives new contacts before that has another record:
-- it is not erased, and its registration goes on. A mark that stayed would keep it from ever being.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

CREATE FUNCTION erased_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.shredded_at := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER registration_erased_no_more BEFORE UPDATE ON registration FOR EACH ROW
  WHEN (OLD.shredded_at IS NOT NULL AND NEW.record_version > OLD.record_version)
  EXECUTE FUNCTION erased_no_more();
