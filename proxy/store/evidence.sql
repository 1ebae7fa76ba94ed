-- Evidence of cases: which files there are; their records are sealed, and opaque here.

-- is_taken --
-- Whether a file of a case has one of these versions.
-- roles: operator vault web
-- $1 case_id, $2 first version, $3 last version
SELECT EXISTS (
  SELECT FROM evidence
  WHERE case_id = $1 AND first_version <= $3 AND first_version + records > $2
);

-- add_records --
-- A submission and its records, which wait for adoption.
-- roles: api web
-- $1 tenant_id, $2 id, $3 intake_key_id, $4 encapsulation, $5 signer_id, $6 signature, $7 case_ids, $8 classes, $9 versions, $10 records, $11 wrapped
WITH one AS (
  INSERT INTO submission (tenant_id, id, intake_key_id, encapsulation, signer_id, signature)
  VALUES ($1, $2, $3, $4, $5, $6)
)
INSERT INTO sealed_record
  (tenant_id, registration_id, class, version, submission_id, record, wrapped_dek)
SELECT $1, n.id, n.class, n.version, $2, n.record, n.wrapped
FROM unnest($7::uuid[], $8::text[], $9::integer[], $10::bytea[], $11::bytea[])
  AS n (id, class, version, record, wrapped);

-- add --
-- A file whose records are all there.
-- roles: web
-- $1 case_id, $2 id, $3 kind, $4 media_type, $5 octets, $6 sha256, $7 first_version, $8 records, $9 by, $10 now
INSERT INTO evidence (case_id, id, kind, media_type, octets, sha256, first_version, records,
  added_by, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- find --
-- A file of a case.
-- roles: operator vault web
-- $1 case_id, $2 id
SELECT id, kind, media_type, octets, sha256, first_version, records, added_by, added_at
FROM evidence WHERE case_id = $1 AND id = $2;
