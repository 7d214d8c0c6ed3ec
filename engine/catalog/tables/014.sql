-- Whether rows of another database have come into this catalog and its logs.

-- A data-only dump of these schemas, loaded where imats are, adds rows to the logs and to the
-- counters. Their transaction ids are those of the database that was dumped, so reads would take
-- them for changes made here. Every such load contains this table, and its trigger marks what it
-- concerns. A whole restore creates triggers after it has loaded all rows.
CREATE TABLE imat_catalog.arrival (
  at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE imat_catalog.arrival IS
  'One row, and another one for each dump whose data was loaded over this catalog.';
ALTER TABLE imat_catalog.arrival REPLICA IDENTITY FULL;
-- A dump as INSERT commands has none for an empty table.
INSERT INTO imat_catalog.arrival DEFAULT VALUES;
