-- Resellers, quotas, and whose an import is.
SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- A reseller that keys may be given to; `profile` is what its names are shown with.
CREATE TABLE reseller (
  tenant_id uuid NOT NULL REFERENCES tenant,
  name text NOT NULL CONSTRAINT reseller_name CHECK (length(name) BETWEEN 1 AND 255),
  profile text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, name),
  CONSTRAINT reseller_profile FOREIGN KEY (tenant_id, profile) REFERENCES profile
);

-- The reseller whose key began an import; NULL: a key of the whole account.
ALTER TABLE operation ADD COLUMN reseller text;

-- How many live names an account ('') or one of its resellers may have. Who has no row has no
-- limit and pays nothing; `used` NULL is still being counted and refuses nobody.
CREATE TABLE quota (
  tenant_id uuid NOT NULL REFERENCES tenant,
  reseller text NOT NULL,
  names bigint NOT NULL CONSTRAINT quota_positive CHECK (names > 0),
  used bigint,
  PRIMARY KEY (tenant_id, reseller)
);

-- The count is kept by whatever statement changes registrations, whoever's it is, under the row's
-- lock: no race can pass it. They run as the owner: no login may set a count or lift a limit.
CREATE FUNCTION quota_move(account uuid, whose text, change bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
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
CREATE FUNCTION quota_enrolled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
CREATE FUNCTION quota_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
CREATE TRIGGER registration_quota_enrolled AFTER INSERT ON registration
  REFERENCING NEW TABLE AS enrolled FOR EACH STATEMENT EXECUTE FUNCTION quota_enrolled();
CREATE TRIGGER registration_quota_changed AFTER UPDATE ON registration FOR EACH ROW
  WHEN ((OLD.state = 'ended') <> (NEW.state = 'ended')
        OR OLD.declared ->> 'reseller' IS DISTINCT FROM NEW.declared ->> 'reseller')
  EXECUTE FUNCTION quota_changed();
