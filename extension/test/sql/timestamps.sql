-- Timestamps of changes: that of becoming visible, strictly increasing.
CREATE TABLE t (a int);
CREATE TABLE u (a int);
SELECT enable_table_tracking('t'), enable_table_tracking('u');
SELECT get_last_timestamp('t') AS t0, get_last_timestamp('u') AS u0 \gset
SELECT get_last_timestamp('t') = :'t0' AS steady;

-- Later than the statement, the transaction and a clock read right before the end of it.
BEGIN;
INSERT INTO t VALUES (1);
SELECT get_last_timestamp('t') = :'t0' AS not_yet;
SELECT clock_timestamp() AS before_commit \gset
COMMIT;
SELECT get_last_timestamp('t') > :'before_commit' AS later, get_last_timestamp('t') <= clock_timestamp() AS not_in_future;
SELECT get_last_timestamp('u') = :'u0' AS other_table_steady;

-- What is rolled back leaves none.
SELECT get_last_timestamp('t') AS t1 \gset
BEGIN;
INSERT INTO t VALUES (2);
ROLLBACK;
SELECT get_last_timestamp('t') = :'t1' AS steady;

-- Two commits within one tick of the clock get two timestamps.
CREATE TEMP TABLE seen (at timestamptz);
DO $$
BEGIN
  FOR i IN 1..200 LOOP
    INSERT INTO t VALUES (i);
    COMMIT;
    INSERT INTO seen VALUES (get_last_timestamp('t'));
  END LOOP;
END $$;
SELECT count(DISTINCT at) FROM seen;

-- Several at once: in the order asked, with repetitions, null for null, in the shape of the argument.
SELECT get_last_timestamps('{t, u, t}') = ARRAY[get_last_timestamp('t'), get_last_timestamp('u'), get_last_timestamp('t')] AS in_order;
SELECT get_last_timestamps('{u, t}') = ARRAY[get_last_timestamp('u'), get_last_timestamp('t')] AS in_order;
SELECT get_last_timestamps(ARRAY['t', NULL, 'u']::regclass[]) IS NOT DISTINCT FROM ARRAY[get_last_timestamp('t'), NULL, get_last_timestamp('u')] AS null_kept;
SELECT get_last_timestamps('{}');
SELECT array_dims(get_last_timestamps('{{t,u},{u,t}}')), array_dims(get_last_timestamps('[5:6]={t,u}'));
SELECT get_last_timestamps(NULL) IS NULL AS null_for_null;

-- Forward only.
SELECT get_last_timestamp('t') AS t2, pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s');
SELECT set_last_timestamp('t', '2000-01-01');
SELECT set_last_timestamp('t', :'t2'), table_changed_since('t', :'s');
SELECT set_last_timestamp('t', '3000-01-01'), table_changed_since('t', :'s');
SELECT get_last_timestamp('t') = '3000-01-01' AS set;
SELECT table_changed_since('t', pg_current_snapshot()) AS changed_since_then;
INSERT INTO t VALUES (0);
SELECT get_last_timestamp('t') > '3000-01-01' AS goes_on_from_there;
SELECT set_last_timestamp('t', 'infinity');
SELECT set_last_timestamp('t', '-infinity');

-- No answer for a table that is not tracked, or is not there.
SELECT disable_table_tracking('u');
SELECT get_last_timestamp('u');
SELECT get_last_timestamps('{t, u}');
SELECT set_last_timestamp('u', '3000-01-01');
SELECT get_last_timestamp(1);
DROP TABLE t, u;
