-- What happened to registrations, for the registrars they belong to. Nothing has read or written
-- the table of the base before: it is empty, and gets what a feed needs.
-- squawk-ignore-file adding-field-with-default, adding-required-field, require-concurrent-index-creation
SET lock_timeout = '5s';
SET statement_timeout = '60s';

-- `seq` is the order in which the events of one name were committed: whoever changes a name waits
-- for whoever changed it before. `pos` is the journal's, given by the sequencer (store/published).
ALTER TABLE event
  ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN registration_id uuid NOT NULL,
  ADD COLUMN domain text NOT NULL,
  ADD COLUMN reseller text;
CREATE INDEX event_of_tenant ON event (tenant_id, pos);
CREATE INDEX event_unstamped ON event (seq) WHERE pos IS NULL;

-- Up to which position events were forgotten; a cursor below it may have missed some.
CREATE TABLE event_horizon (
  is_one boolean PRIMARY KEY DEFAULT true CONSTRAINT event_horizon_one CHECK (is_one),
  pos bigint NOT NULL
);

-- Written by whatever statement changes registrations, whoever's it is: no change is without its
-- event, and none has two. They run as the owner: no login may make up an event.
CREATE FUNCTION event_body(
  registration uuid, domain text, revision int, state text, reason text, declared jsonb
) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'registration', registration, 'domain', domain, 'revision', revision, 'state', state,
    'mode', declared ->> 'mode', 'reason', reason, 'reseller', declared ->> 'reseller'))
$$;
CREATE FUNCTION event_enrolled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, body, at)
  SELECT gen_random_uuid(), one.tenant_id, 'registration.enrolled', one.id, one.domain,
         one.declared ->> 'reseller',
         event_body(one.id, one.domain, one.revision, one.state, one.end_reason, one.declared),
         one.changed_at
  FROM enrolled one WHERE one.state <> 'ended';
  RETURN NULL;
END $$;
CREATE FUNCTION event_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO event (id, tenant_id, kind, registration_id, domain, reseller, body, at)
  VALUES (gen_random_uuid(), NEW.tenant_id,
          CASE WHEN NEW.state = 'ended' THEN 'registration.ended' ELSE 'registration.changed' END,
          NEW.id, NEW.domain, NEW.declared ->> 'reseller',
          event_body(NEW.id, NEW.domain, NEW.revision, NEW.state, NEW.end_reason, NEW.declared),
          NEW.changed_at);
  RETURN NULL;
END $$;
CREATE TRIGGER registration_event_enrolled AFTER INSERT ON registration
  REFERENCING NEW TABLE AS enrolled FOR EACH STATEMENT EXECUTE FUNCTION event_enrolled();
CREATE TRIGGER registration_event_changed AFTER UPDATE ON registration FOR EACH ROW
  WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION event_changed();
