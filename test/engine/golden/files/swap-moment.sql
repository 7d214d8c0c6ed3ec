-- swap-moment: an answer that depends on the time: a live read runs the definition
--
-- SELECT sale.region,
--     max(clock_timestamp() - sale.sold_at) AS age
--    FROM public.sale
--   GROUP BY sale.region
--
-- strategy swap, freshness live
-- not delta: "clock_timestamp" can give another result although no table has changed (line 2, column 9). Leave it out of the definition and put it into the queries that read the imat.
-- note: the answer can change although no table does: a live read runs the definition; --freshness manual or an interval reads what is stored
-- the whole definition: swap, stores every row of the answer

-- the definition, as a view
CREATE VIEW imat_store.definition_swap_moment AS
SELECT sale.region,
    max(clock_timestamp() - sale.sold_at) AS age
   FROM public.sale
  GROUP BY sale.region;

-- the stored table
CREATE TABLE imat_store.slot_a_swap_moment AS SELECT * FROM imat_store.definition_swap_moment;

-- what publications of all tables need
ALTER TABLE imat_store.slot_a_swap_moment REPLICA IDENTITY FULL;

-- statistics
ANALYZE imat_store.slot_a_swap_moment;

-- the definition, behind a barrier
CREATE VIEW imat_store.current_swap_moment WITH (security_barrier) AS
SELECT * FROM imat_store.definition_swap_moment;

-- what readers use
CREATE VIEW imat.swap_moment AS
SELECT region, age
FROM imat_store.current_swap_moment
CROSS JOIN (SELECT) AS read_only;

-- what a colleague finds
COMMENT ON VIEW imat.swap_moment IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.swap_moment', 'imat.swap_moment');

-- a comment of the materialized view
COMMENT ON VIEW imat.swap_moment IS 'shows swap-moment';

-- an index of the materialized view
CREATE INDEX ON imat_store.slot_a_swap_moment USING btree ((1));

-- during a swap: the other table
CREATE TABLE imat_store.slot_b_swap_moment (LIKE imat_store.slot_a_swap_moment INCLUDING ALL);
ALTER TABLE imat_store.slot_b_swap_moment REPLICA IDENTITY FULL;

-- during a swap: what readers use
CREATE OR REPLACE VIEW imat.swap_moment AS
SELECT region, age
FROM imat_store.current_swap_moment
CROSS JOIN (SELECT) AS read_only;
