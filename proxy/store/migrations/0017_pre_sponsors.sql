-- concurrently
-- Who speaks for a name: claims are found by name, and what was seen of sponsors is kept.
DROP INDEX CONCURRENTLY IF EXISTS registration_claims;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY registration_claims ON registration (domain) WHERE state = 'claimed';

-- When a name's sponsor is looked for next, and what was seen last. No person: an IANA id, the
-- registry's id of the name, dates. `since` is the first of the looks in a row with this IANA id.
CREATE TABLE IF NOT EXISTS sponsor_look (
  domain text COLLATE "C" PRIMARY KEY,
  registry text NOT NULL, -- the top-level domain
  due_at timestamptz NOT NULL,
  urgent boolean NOT NULL DEFAULT false, -- disputed, doubted or leaving: before all others
  misses integer NOT NULL DEFAULT 0 CONSTRAINT sponsor_look_misses CHECK (misses >= 0),
  looked_at timestamptz, -- when a worker last took it
  reason text, -- code of the last look's failure
  iana_id integer CONSTRAINT sponsor_look_iana_id CHECK (iana_id > 0),
  way text CONSTRAINT sponsor_look_way CHECK (way IN ('rdap', 'whois')),
  registry_domain_id text CONSTRAINT sponsor_look_handle CHECK (length(registry_domain_id) <= 255),
  created_at timestamptz,
  since timestamptz,
  seen_at timestamptz,
  mask_of uuid, -- the registration whose mask was seen there
  mask_gone_since timestamptz, -- the first of the looks in a row without it
  CONSTRAINT sponsor_look_whole CHECK
    ((iana_id IS NULL) = (seen_at IS NULL) AND (way IS NULL) = (seen_at IS NULL)
     AND (since IS NULL) = (seen_at IS NULL))
);
CREATE INDEX IF NOT EXISTS sponsor_look_due ON sponsor_look (registry, urgent, due_at);
CREATE INDEX IF NOT EXISTS sponsor_look_taken ON sponsor_look (registry, looked_at)
  WHERE looked_at IS NOT NULL;

-- What a tenant's DNS tokens are made of; a tenant that never asked for one has none.
CREATE TABLE IF NOT EXISTS sponsor_secret (
  tenant_id uuid PRIMARY KEY REFERENCES tenant,
  secret bytea NOT NULL CONSTRAINT sponsor_secret_length CHECK (length(secret) = 32)
);

-- When the token of a registration was last seen in its name's DNS.
CREATE TABLE IF NOT EXISTS sponsor_shown (
  tenant_id uuid NOT NULL,
  registration_id uuid NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, registration_id),
  CONSTRAINT sponsor_shown_registration FOREIGN KEY (tenant_id, registration_id)
    REFERENCES registration ON DELETE CASCADE
);

-- A live holding with what is known of its tenant: what rules decide by, and what a tenant is told.
CREATE OR REPLACE VIEW holding WITH (security_invoker = true) AS
SELECT kept.tenant_id, kept.id, kept.domain, kept.state, kept.revision, kept.declared,
       kept.reference, kept.alias, kept.enrolled_at, kept.ended_at, kept.end_reason,
       coalesce((SELECT profile.body ->> 'trust' = 'declared' FROM published_profile profile
                 WHERE profile.tenant_id = kept.tenant_id
                   AND profile.id = kept.declared ->> 'profile'), false) AS is_declared,
       (SELECT accreditation.iana_id FROM accreditation
        WHERE accreditation.tenant_id = kept.tenant_id
          AND accreditation.id = kept.declared ->> 'accreditation') AS iana_id,
       ARRAY(SELECT accreditation.iana_id FROM accreditation
             WHERE accreditation.tenant_id = kept.tenant_id AND accreditation.iana_id IS NOT NULL
             ORDER BY accreditation.iana_id LIMIT 1000) AS iana_ids,
       (SELECT shown.seen_at FROM sponsor_shown shown
        WHERE shown.tenant_id = kept.tenant_id AND shown.registration_id = kept.id) AS shown_at
FROM registration kept;
