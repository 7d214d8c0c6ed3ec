/**
 * Web analytics over one wide table: the shapes of ClickBench's queries, in words of our own. Most
 * take the first ten by a count.
 */
import { column, numbers, type Schema, texts } from '../columns.ts';
import type { Definitions } from './definition.ts';

export const HITS_SCHEMA: Schema = {
  setup: `
CREATE TABLE hit (
  watch bigint, visitor bigint, site int, area int, ip bigint, engine int, phrase text, url text,
  title text, referer text, phone int, model text, day date, at timestamp, width int,
  refresh int, traffic int, link int, download int, hash bigint, minute int
);`,
  tables: [
    {
      name: 'hit',
      key: [],
      rows: 60,
      columns: [
        column('watch', numbers(1, 20)),
        column('visitor', numbers(1, 8)),
        column('site', numbers(1, 4)),
        column('area', numbers(1, 5)),
        column('ip', numbers(1, 6)),
        column('engine', ['0', '0', '1', '2', '3']),
        column('phrase', texts('', '', 'cars', 'maps', 'shoes')),
        column('url', texts('http://a.org/x', 'http://www.google.com/y', 'https://b.net', '')),
        column('title', texts('Google maps', 'Home', '', 'Yandex')),
        column('referer', texts('', 'http://www.c.com/z?q=1', 'https://d.org/a/b', 'mail')),
        column('phone', ['0', '1', '2']),
        column('model', texts('', 'p1', 'p2')),
        column('day', texts('2013-07-01', '2013-07-14', '2013-07-15', '2013-08-01')),
        column('at', texts('2013-07-14 10:00:30', '2013-07-14 10:00:59', '2013-07-15 00:01:00')),
        column('width', ['1024', '1280', '1920']),
        column('refresh', ['0', '0', '1']),
        column('traffic', ['-1', '6', '2']),
        column('link', ['0', '1']),
        column('download', ['0', '0', '1']),
        column('hash', ['2868770270353813622', '3594120000172545465', '7']),
        column('minute', numbers(1, 5)),
      ],
    },
  ],
};

const JULY = `h.site = 2 AND h.day >= '2013-07-01' AND h.day <= '2013-07-31'`;
const top = (keys: string, aggregates: string, order: string, rest = ''): string =>
  `SELECT ${keys}, ${aggregates} FROM hit h ${rest} GROUP BY ${keys} ORDER BY ${order}`;
const WIDTHS = Array.from({ length: 30 }, (_, index) => `sum(h.width + ${index}) AS w${index}`);

export const HITS: Definitions = {
  hits_count: 'SELECT count(*) AS n FROM hit h',
  hits_count_where: 'SELECT count(*) AS n FROM hit h WHERE h.engine <> 0',
  hits_sums: 'SELECT sum(h.engine) AS s, count(*) AS n, avg(h.width) AS a FROM hit h',
  hits_average: 'SELECT avg(h.visitor) AS a FROM hit h',
  hits_visitors: 'SELECT count(DISTINCT h.visitor) AS n FROM hit h',
  hits_phrases: 'SELECT count(DISTINCT h.phrase) AS n FROM hit h',
  hits_days: 'SELECT min(h.day) AS first, max(h.day) AS last FROM hit h',
  hits_by_engine: top('h.engine', 'count(*) AS n', 'n DESC, 1', 'WHERE h.engine <> 0'),
  hits_area_visitors: top('h.area', 'count(DISTINCT h.visitor) AS u', 'u DESC, 1 LIMIT 3'),
  hits_area_all: top(
    'h.area',
    'sum(h.engine) AS s, count(*) AS n, avg(h.width) AS a, count(DISTINCT h.visitor) AS u',
    'n DESC, 1 LIMIT 3',
  ),
  hits_models: top(
    'h.model',
    'count(DISTINCT h.visitor) AS u',
    'u DESC, 1 LIMIT 10',
    `WHERE h.model <> ''`,
  ),
  hits_phone_models: top(
    'h.phone, h.model',
    'count(DISTINCT h.visitor) AS u',
    'u DESC, 1, 2 LIMIT 3',
    `WHERE h.model <> ''`,
  ),
  hits_top_phrases: top('h.phrase', 'count(*) AS n', 'n DESC, 1 LIMIT 2', `WHERE h.phrase <> ''`),
  hits_phrase_visitors: top(
    'h.phrase',
    'count(DISTINCT h.visitor) AS u',
    'u DESC, 1 LIMIT 2',
    `WHERE h.phrase <> ''`,
  ),
  hits_engine_phrases: top(
    'h.engine, h.phrase',
    'count(*) AS n',
    'n DESC, 1, 2 LIMIT 4',
    `WHERE h.phrase <> ''`,
  ),
  hits_top_visitors: top('h.visitor', 'count(*) AS n', 'n DESC, 1 LIMIT 4'),
  hits_visitor_phrases: top('h.visitor, h.phrase', 'count(*) AS n', 'n DESC, 1, 2 LIMIT 6'),
  hits_visitor_minutes: `SELECT h.visitor, extract(minute FROM h.at) AS m, h.phrase, count(*) AS n
    FROM hit h GROUP BY h.visitor, m, h.phrase ORDER BY n DESC, 1, 2, 3 LIMIT 8`,
  hits_one_visitor: 'SELECT h.visitor FROM hit h WHERE h.visitor = 4',
  hits_like: `SELECT count(*) AS n FROM hit h WHERE h.url LIKE '%google%'`,
  hits_like_phrase: top(
    'h.phrase',
    'min(h.url) AS url, count(*) AS n',
    'n DESC, 1 LIMIT 2',
    `WHERE h.url LIKE '%google%' AND h.phrase <> ''`,
  ),
  hits_like_titles: top(
    'h.phrase',
    'min(h.url) AS url, min(h.title) AS title, count(*) AS n, count(DISTINCT h.visitor) AS u',
    'n DESC, 1 LIMIT 10',
    `WHERE h.title LIKE '%Google%' AND h.url NOT LIKE '%.google.%' AND h.phrase <> ''`,
  ),
  hits_all_columns: `SELECT h.* FROM hit h WHERE h.url LIKE '%google%'
    ORDER BY h.at, h.watch, h.visitor, h.* LIMIT 10`,
  hits_phrase_by_time: `SELECT h.phrase FROM hit h WHERE h.phrase <> ''
    ORDER BY h.at, h.phrase LIMIT 10`,
  hits_phrase_sorted: `SELECT h.phrase FROM hit h WHERE h.phrase <> '' ORDER BY h.phrase LIMIT 10`,
  hits_url_lengths: top(
    'h.site',
    'avg(length(h.url)) AS l, count(*) AS n',
    'l DESC, 1 LIMIT 25',
    `WHERE h.url <> ''`,
  ).replace('ORDER BY', 'HAVING count(*) > 3 ORDER BY'),
  hits_referers: `SELECT regexp_replace(h.referer, '^https?://(?:www\\.)?([^/]+)/.*$', '\\1') AS k,
      avg(length(h.referer)) AS l, count(*) AS n, min(h.referer) AS least
    FROM hit h WHERE h.referer <> '' GROUP BY k HAVING count(*) > 2 ORDER BY l DESC, 1 LIMIT 25`,
  hits_many_sums: `SELECT ${WIDTHS.join(', ')} FROM hit h`,
  hits_engine_ips: top(
    'h.engine, h.ip',
    'count(*) AS n, sum(h.refresh) AS r, avg(h.width) AS a',
    'n DESC, 1, 2 LIMIT 5',
    `WHERE h.phrase <> ''`,
  ),
  hits_watch_ips: top(
    'h.watch, h.ip',
    'count(*) AS n, sum(h.refresh) AS r, avg(h.width) AS a',
    'n DESC, 1, 2 LIMIT 10',
    `WHERE h.phrase <> ''`,
  ),
  hits_watch_ips_all: top(
    'h.watch, h.ip',
    'count(*) AS n, avg(h.width) AS a',
    'n DESC, 1, 2 LIMIT 10',
  ),
  hits_top_urls: top('h.url', 'count(*) AS n', 'n DESC, 1 LIMIT 2'),
  hits_constant_key:
    'SELECT 1 AS one, h.url, count(*) AS n FROM hit h GROUP BY 1, 2 ORDER BY n DESC, 2 LIMIT 3',
  hits_shifted_keys: `SELECT h.ip, h.ip - 1 AS a, h.ip - 2 AS b, h.ip - 3 AS c, count(*) AS n
    FROM hit h GROUP BY h.ip, h.ip - 1, h.ip - 2, h.ip - 3 ORDER BY n DESC, 1 LIMIT 4`,
  hits_pages: top('h.url', 'count(*) AS n', 'n DESC, 1 LIMIT 2', `WHERE ${JULY} AND h.refresh = 0`),
  hits_titles: top(
    'h.title',
    'count(*) AS n',
    'n DESC, 1 LIMIT 10',
    `WHERE ${JULY} AND h.refresh = 0 AND h.title <> ''`,
  ),
  hits_links: top(
    'h.url',
    'count(*) AS n',
    'n DESC, 1 LIMIT 2 OFFSET 1',
    `WHERE ${JULY} AND h.refresh = 0 AND h.link <> 0 AND h.download = 0`,
  ),
  hits_sources: `SELECT h.traffic, h.engine,
      CASE WHEN h.engine = 0 THEN h.referer ELSE '' END AS src, h.url AS dst, count(*) AS n
    FROM hit h WHERE ${JULY} GROUP BY h.traffic, h.engine, src, dst
    ORDER BY n DESC, 1, 2, 3, 4 LIMIT 10 OFFSET 2`,
  hits_hashes: top(
    'h.hash, h.day',
    'count(*) AS n',
    'n DESC, 1, 2 LIMIT 3 OFFSET 1',
    `WHERE ${JULY} AND h.traffic IN (-1, 6) AND h.hash = 3594120000172545465`,
  ),
  hits_windows: top(
    'h.width, h.minute',
    'count(*) AS n',
    'n DESC, 1, 2 LIMIT 10 OFFSET 2',
    `WHERE ${JULY}`,
  ),
  hits_minutes: `SELECT date_trunc('minute', h.at) AS m, count(*) AS n FROM hit h
    WHERE h.day >= '2013-07-14' AND h.day <= '2013-07-15' GROUP BY 1 ORDER BY 1 LIMIT 10 OFFSET 1`,
  hits_unordered_limit: {
    sql: 'SELECT h.visitor, h.phrase, count(*) AS n FROM hit h GROUP BY 1, 2 LIMIT 5',
    ties: true,
  },
  hits_top_ties: {
    sql: 'SELECT h.url, count(*) AS n FROM hit h GROUP BY h.url ORDER BY n DESC LIMIT 2',
    ties: true,
  },
};
