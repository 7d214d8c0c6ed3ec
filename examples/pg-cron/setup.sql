CREATE EXTENSION IF NOT EXISTS pg_cron;
CREATE TABLE movements (item text NOT NULL, shelf int NOT NULL, quantity int NOT NULL);
INSERT INTO movements VALUES ('bolt', 1, 500), ('bolt', 2, -20), ('nut', 1, 800);
CREATE MATERIALIZED VIEW stock AS
  SELECT item, sum(quantity) AS quantity FROM movements GROUP BY item;
CREATE MATERIALIZED VIEW shelves AS
  SELECT string_agg(DISTINCT item, ', ' ORDER BY item) AS items, max(shelf) AS last_shelf
  FROM movements;
