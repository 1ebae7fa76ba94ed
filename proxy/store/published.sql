-- The journal: the sequencer's stamps and the follower's pages (store/published.py argues why
-- nothing is lost). LIMITs are written out, so that plans do not depend on guesses.

-- plan_by_index --
-- Has this session reach rows through indexes: tables here grow from nothing to millions between two analyses, and a plan made for the first is ruinous for the second.
-- roles: edge worker
-- no arguments
SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
       set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false);

-- take_lead --
-- Whether this session now holds the lead; it holds it until it ends.
-- roles: worker
-- $1 key of the advisory lock
SELECT pg_try_advisory_lock($1) AS held;

-- begin_epoch --
-- A new epoch at the next free position, under this cluster's identity; none on a standby.
-- roles: worker
-- $1 now, $2 now in microseconds since 1970, $3 ledger id
WITH here AS (
  SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT system_identifier FROM pg_control_system()) || '.'
    || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) || '.'
    || (SELECT oid FROM pg_database WHERE datname = current_database()) || '.'
    || 'journal_epoch'::regclass::oid END AS cluster
), latest AS (
  SELECT epoch, cluster FROM journal_epoch ORDER BY epoch DESC LIMIT 1
), place AS (
  SELECT greatest((SELECT max(epoch) + 1 FROM journal_epoch), $2) AS epoch,
    greatest((SELECT max(next_pos) FROM journal_epoch), (SELECT max(pos) + 1 FROM published),
             (SELECT max(pos) + 1 FROM published_profile), (SELECT max(pos) + 1 FROM event),
             1) AS pos
), begun AS (
  INSERT INTO journal_epoch (epoch, cluster, first_pos, next_pos, began_at, current_at)
  SELECT place.epoch, here.cluster, place.pos, place.pos, $1,
         coalesce((SELECT max(current_at) FROM journal_epoch), '1970-01-01T00:00:00Z')
  FROM place, here WHERE here.cluster IS NOT NULL
  RETURNING epoch, cluster, next_pos
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $3, NULL, 'journal', 'journal_restored',
         jsonb_build_object('epoch', begun.epoch, 'after', latest.epoch, 'pos', begun.next_pos), $1
  FROM begun, latest WHERE latest.cluster <> begun.cluster
)
SELECT begun.epoch, begun.next_pos,
       EXISTS (SELECT 1 FROM latest WHERE latest.cluster <> begun.cluster) AS is_restored
FROM begun;

-- stamp --
-- Stamps committed changes with the next positions, wakes followers, and answers what it did.
-- Rows that somebody holds are left for the next round. Names go round by $3, so that none waits
-- behind others for ever. Rows and positions are taken in one statement, thus of one snapshot: a
-- name is never stamped before the profile it was committed after, nor an event before the record
-- that changed with it.
-- roles: worker
-- $1 epoch, $2 next position, $3 names after this one, $4 now, $5 note the time if older than this
WITH names AS (
  SELECT domain FROM published WHERE pos IS NULL AND domain > $3
  ORDER BY domain LIMIT 2000 FOR UPDATE SKIP LOCKED
), profiles AS (
  SELECT tenant_id, id FROM published_profile WHERE pos IS NULL
  ORDER BY tenant_id, id LIMIT 500 FOR UPDATE SKIP LOCKED
), events AS ( -- nobody else locks them: those of a name stay in their order
  SELECT id, seq FROM event WHERE pos IS NULL ORDER BY seq LIMIT 2000
), taken AS (
  SELECT (SELECT count(*) FROM profiles) AS profiles, (SELECT count(*) FROM names) AS names,
         (SELECT count(*) FROM events) AS events, (SELECT max(domain) FROM names) AS last_name
), held AS (
  SELECT journal_epoch.next_pos = $2::bigint AND NOT EXISTS
           (SELECT 1 FROM journal_epoch later WHERE later.epoch > $1) AS ours, current_at
  FROM journal_epoch WHERE epoch = $1
), moved AS (
  UPDATE journal_epoch
  SET next_pos = next_pos + taken.profiles + taken.names + taken.events,
      current_at = CASE WHEN taken.names < 2000 AND taken.profiles < 500 AND $3 = ''
                        THEN greatest(journal_epoch.current_at, $4::timestamptz)
                        ELSE journal_epoch.current_at END
  FROM taken, held
  WHERE journal_epoch.epoch = $1 AND held.ours
    AND (taken.profiles + taken.names + taken.events > 0 OR held.current_at < $5::timestamptz)
  RETURNING journal_epoch.epoch
), stamped_profiles AS (
  UPDATE published_profile SET pos = $2 + place.number - 1
  FROM (SELECT tenant_id, id, row_number() OVER (ORDER BY tenant_id, id) AS number
        FROM profiles) place, moved
  WHERE published_profile.tenant_id = place.tenant_id AND published_profile.id = place.id
), stamped_names AS (
  UPDATE published SET pos = $2 + taken.profiles + place.number - 1
  FROM (SELECT domain, row_number() OVER (ORDER BY domain) AS number FROM names) place,
       taken, moved
  WHERE published.domain = place.domain
), stamped_events AS (
  UPDATE event SET pos = $2 + taken.profiles + taken.names + place.number - 1
  FROM (SELECT id, row_number() OVER (ORDER BY seq) AS number FROM events) place, taken, moved
  WHERE event.id = place.id
)
SELECT taken.profiles, taken.names, taken.events, taken.last_name,
       coalesce((SELECT ours FROM held), false) AS ours,
       (SELECT pg_notify('published_stamped', '') IS NULL FROM moved
        WHERE taken.profiles + taken.names + taken.events > 0) AS woken
FROM taken;

-- page --
-- What is stamped after a position, in order, with the head of the journal at the same moment.
-- roles: api edge operator worker
-- $1 epoch of the follower, $2 its position
WITH head AS (
  SELECT epoch, cluster, next_pos, current_at FROM journal_epoch
  WHERE current_at > '1970-01-01T00:00:00Z' -- the first epoch has finished a round
  ORDER BY epoch DESC LIMIT 1
)
SELECT head.epoch, head.next_pos, head.current_at, mine.epoch IS NOT NULL AS knows_epoch,
       coalesce(mine.cluster = head.cluster, false) AS is_same_cluster,
       coalesce((SELECT min(later.first_pos) FROM journal_epoch later WHERE later.epoch > $1),
                head.next_pos) AS epoch_end,
       change.pos, change.tenant_id, change.key, change.value
FROM head
LEFT JOIN journal_epoch mine ON mine.epoch = $1
LEFT JOIN LATERAL (
  SELECT each_change.pos, each_change.tenant_id, each_change.key, each_change.value FROM (
    (SELECT pos, NULL::uuid AS tenant_id, domain::text AS key, value
     FROM published WHERE pos > $2 ORDER BY pos LIMIT 2000)
    UNION ALL
    (SELECT pos, tenant_id, id, convert_to(body::text, 'UTF8')
     FROM published_profile WHERE pos > $2 ORDER BY pos LIMIT 2000)
  ) each_change ORDER BY each_change.pos LIMIT 2000
) change ON true
ORDER BY change.pos;

-- names_after --
-- Published names with their values in byte order, for a rebuild.
-- roles: api edge operator worker
-- $1 names after this one
SELECT domain, value FROM published
WHERE domain > $1 AND value IS NOT NULL ORDER BY domain LIMIT 5000;

-- profiles_after --
-- Published profiles in order, for a rebuild.
-- roles: api edge escrow operator worker
-- $1, $2 profiles after this one
SELECT tenant_id, id, convert_to(body::text, 'UTF8') AS body FROM published_profile
WHERE (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT 500;

-- wake --
-- Tells the sequencer that changes were committed. After the commit, never inside it.
-- roles: api worker operator
-- no arguments
SELECT pg_notify('published_waiting', '');

-- put --
-- Publishes one name as a PUT does, without its registration: what benchmarks commit.
-- roles: api
-- $1 domain, $2 tenant_id, $3 registration_id, $4 value
INSERT INTO published (domain, tenant_id, registration_id, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (domain) DO UPDATE SET value = excluded.value, pos = NULL;
