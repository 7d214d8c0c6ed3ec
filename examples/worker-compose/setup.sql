CREATE TABLE visits (page text NOT NULL, seconds int NOT NULL);
INSERT INTO visits VALUES ('home', 30), ('home', 45), ('prices', 80);
CREATE MATERIALIZED VIEW page_visits AS
  SELECT page, count(*) AS visits, avg(seconds) AS seconds FROM visits GROUP BY page;
