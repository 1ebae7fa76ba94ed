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
