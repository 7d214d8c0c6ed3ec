/**
 * Whether a fold, and a live read, of 100 changes costs more the more rows there are: one table in
 * three sizes, each in a database of its own, and definitions of each kind. There are 100 kinds
 * whatever the size is, so groups by kind grow with it; each buyer has ten purchases.
 */
import { createImat } from '../../engine/index.ts';
import type { Db } from '../../engine/db/db.ts';
import type { Database } from '../databases.ts';
import { type Bench, type Measure, timed } from '../measure.ts';
import { atMost, ratioResult } from '../result.ts';

const CHANGES = 100;
const KINDS = 100;
const ROWS_OF_BUYER = 10;
/** Most that the largest size may cost of the smallest. */
const MOST = 2;

type Definition = {
  readonly query: string;
  /** A condition, where an answer grows with the tables: what is read does not. */
  readonly read: string;
};

const BY_KIND = `SELECT kind, count(*) AS n, sum(amount) AS total
  FROM public.purchase GROUP BY kind`;

const DEFINITIONS = {
  groups: { query: BY_KIND, read: '' },
  'a table joined with groups': {
    query: `SELECT k.id, k.name, t.n, t.total FROM public.kind k
      LEFT JOIN (${BY_KIND}) t ON t.kind = k.id`,
    read: '',
  },
  'shares of a total': {
    query: `WITH t AS (${BY_KIND})
      SELECT k.name, t.total, t.total / sum(t.total) OVER () AS share,
        rank() OVER (ORDER BY t.total)
      FROM public.kind k JOIN t ON t.kind = k.id`,
    read: '',
  },
  'groups of a left join': {
    query: `SELECT b.id, b.name, count(p.id) AS n, max(p.at) AS last
      FROM public.buyer b LEFT JOIN public.purchase p ON p.buyer = b.id GROUP BY b.id, b.name`,
    read: 'WHERE id = 7',
  },
  'the latest row of each': {
    query: `SELECT DISTINCT ON (buyer) buyer, id, amount, at FROM public.purchase
      ORDER BY buyer, at DESC, id DESC`,
    read: 'WHERE buyer = 7',
  },
  'a count of rows without a partner': {
    query: `SELECT count(*) AS n FROM public.buyer b
      WHERE NOT EXISTS (SELECT FROM public.purchase p WHERE p.buyer = b.id AND p.amount > 50)`,
    read: '',
  },
  'the ten largest': {
    query: `SELECT id, buyer, amount FROM public.purchase ORDER BY amount DESC, id LIMIT 10`,
    read: '',
  },
} as const satisfies Readonly<Record<string, Definition>>;

type Name = keyof typeof DEFINITIONS;
const NAMES = Object.keys(DEFINITIONS) as Name[];

type Size = {
  readonly rows: number;
  readonly db: Db;
  readonly reads: Map<Name, number[]>;
  readonly folds: Map<Name, number[]>;
};

export const growth: Measure = {
  name: 'growth',
  title: '100 changes of tables of three sizes',
  run: async (bench) => {
    const { growing, rounds } = bench.scale;
    const kinds = { small: 'empty', medium: 'empty', large: 'empty' } as const;
    await bench.databases.withCopies(kinds, async ({ small, medium, large }) => {
      const sizes: Size[] = [];
      for (const [at, database] of [small, medium, large].entries())
        sizes.push(await prepare(database, growing[at] ?? 0));
      for (let round = 0; round <= rounds; round += 1)
        for (const size of sizes) await measure(size, round);
      for (const name of NAMES) report(bench, name, sizes);
    });
  },
};

const imatOf = (name: Name): string => `growth_${NAMES.indexOf(name)}`;

async function prepare({ db }: Database, rows: number): Promise<Size> {
  const buyers = Math.ceil(rows / ROWS_OF_BUYER);
  await db.execute(`
    CREATE TABLE public.kind (id int PRIMARY KEY, name text);
    CREATE TABLE public.buyer (id int PRIMARY KEY, name text);
    CREATE TABLE public.purchase (
      id int PRIMARY KEY, buyer int, kind int, amount numeric(10, 2), at date
    );
    INSERT INTO public.kind SELECT i, 'kind ' || i FROM generate_series(1, ${KINDS}) AS i;
    INSERT INTO public.buyer SELECT i, 'buyer ' || i FROM generate_series(1, ${buyers}) AS i;
    INSERT INTO public.purchase
    SELECT i, 1 + i % ${buyers}, 1 + (i * 7919::bigint) % ${KINDS},
      (i * 104729::bigint) % 10007 / 100.0, date '2024-01-01' + i % 700
    FROM generate_series(1, ${rows}) AS i;
    CREATE INDEX ON public.purchase (buyer);
    ANALYZE`);
  const imat = createImat(db);
  for (const name of NAMES) await imat.create(imatOf(name), DEFINITIONS[name].query);
  await db.execute('VACUUM (ANALYZE)');
  const empty = (): Map<Name, number[]> => new Map(NAMES.map((name) => [name, []]));
  return { rows, db, reads: empty(), folds: empty() };
}

/** The first round warms up. */
async function measure({ rows, db, reads, folds }: Size, round: number): Promise<void> {
  const step = Math.max(1, Math.floor(rows / CHANGES));
  await db.execute(`UPDATE public.purchase SET amount = amount + 1, at = at + 1
    WHERE id IN (SELECT 1 + (i * ${step} + ${round}) % ${rows}
      FROM generate_series(0, ${CHANGES - 1}) AS i)`);
  for (const name of NAMES) {
    const query = `SELECT * FROM imat.${imatOf(name)} ${DEFINITIONS[name].read}`;
    // The first read plans what the session does not know yet.
    await db.query(query);
    const read = await timed(() => db.query(query));
    if (round > 0) reads.get(name)?.push(read);
  }
  for (const name of NAMES) {
    const fold = await timed(() => db.query('CALL imat.fold($1)', [imatOf(name)]));
    if (round > 0) folds.get(name)?.push(fold);
  }
  // What a worker and autovacuum do between folds.
  await db.execute('VACUUM (ANALYZE)');
}

/** The medium and the large size against the small one. */
function report(bench: Bench, name: Name, [small, ...others]: readonly Size[]): void {
  for (const what of ['folds', 'reads'] as const)
    for (const size of others)
      bench.report(
        ratioResult({
          name: `${name}: ${what === 'folds' ? 'fold' : 'live read'} of ${CHANGES} changes`,
          unit: 'ms',
          baseline: { label: `${small?.rows} rows`, values: small?.[what].get(name) ?? [] },
          imat: { label: `${size.rows} rows`, values: size[what].get(name) ?? [] },
          bar: atMost(MOST),
        }),
      );
}
