/** Names that are hard to read or to quote. */
import { list } from './definition.ts';

export const names = list(
  'SELECT "firstName", "lastName" FROM "User"',
  `SELECT c."displayName", count(u.id)
   FROM "User" u JOIN "Company" c ON c.id = u."companyId"
   GROUP BY c."displayName"`,
  `SELECT "User"."companyId", count("User"."id") AS "userCount",
     max("User"."createdAt") AS "lastUser"
   FROM "User" AS "User"
   WHERE "User"."isActive" = true
   GROUP BY "User"."companyId"`,
  `SELECT "Select", "from", "a""b", "x;drop table t", "star*", "é", " ", "--", "/*", "$1", "it's",
     "EXTRACT", "over", "filter"
   FROM "Company"`,
  `SELECT sum("Select") AS "SUM", sum("a""b") AS "a""b", sum("x;drop table t") AS "y;drop table u",
     sum("star*") AS "*"
   FROM "Company"
   GROUP BY "from", "é"`,
  `SELECT "from"."Select", "a""b"."a""b"
   FROM "Company" AS "from" JOIN "Company" AS "a""b" ON "a""b"."Select" = "from"."a""b"`,
  `SELECT c1."over", "filter", sum("over") FILTER (WHERE "filter" > 1) AS filter, count(*) AS over
   FROM "Company" c1
   GROUP BY c1."over", "filter"`,
  'SELECT "sum(", "a.b", "\\" FROM "Odd ""names""; x"."t""; DROP TABLE x; --"',
  `SELECT x."a.b", sum(x."sum(")
   FROM "Odd ""names""; x"."t""; DROP TABLE x; --" AS x
   GROUP BY x."a.b"`,
  `SELECT "t""; DROP TABLE x; --"."a.b" AS "; SELECT 1"
   FROM "Odd ""names""; x"."t""; DROP TABLE x; --"`,
  `SELECT count(*) AS "count(*)", sum(total) AS "select", max(total) AS between,
     min(total) AS "group by", 1 AS "AS", 2 AS interval, 3 AS year, 4 AS key, 5 AS value,
     6 AS "time"
   FROM orders`,
  'SELECT at AS zone, at AS at, count AS count, year AS name FROM events',
  'SELECT 1 AS "?column?", 2, id + 1 FROM orders',
  'SELECT orders.id AS order, "order"."order" AS id FROM orders, events "order"',
);
