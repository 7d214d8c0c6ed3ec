/**
 * Nobody gets a deadlock from imat: no command may wait for a table for longer than a moment while
 * it has a lock on a view over it or on another table.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import { createImat, type Imat } from '../../../engine/index.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { LockOrder } from './support/lock-order.ts';
import { createPreparedWorld, type World } from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMMED = 'SELECT region, sum(amount) AS total FROM public.sale GROUP BY region';
const KEPT = {
  totals: SUMMED,
  joined: `SELECT r.name, max(s.amount) AS most
    FROM public.region r LEFT JOIN public.sale s ON s.region = r.name GROUP BY r.name`,
  top: `${SUMMED} ORDER BY total DESC, region LIMIT 3`,
  ranked: `${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM public.sale`,
  recent: `SELECT region, sum(amount) AS total FROM public.sale
    WHERE at > now() - interval '7 days' GROUP BY region`,
  viewed: `SELECT b.region, count(*) AS n
    FROM public.big b JOIN public.region r ON r.name = b.region GROUP BY b.region`,
  stacked: 'SELECT t.region, t.total FROM imat.totals t WHERE t.total > 5',
  mixed: `${REBUILT} SELECT s.region, n.text, b.amount FROM public.sale s
    JOIN public.big b USING (region) JOIN public.note n USING (region)`,
};
const SETUP = `
CREATE TABLE sale (region text, amount numeric(10,2) NOT NULL, at timestamptz DEFAULT now());
CREATE TABLE region (name text PRIMARY KEY, note text DEFAULT 'none');
CREATE VIEW big AS SELECT * FROM sale WHERE amount > 10;
CREATE UNLOGGED TABLE note (region text, text text);
INSERT INTO region SELECT 'r' || i FROM generate_series(0, 5) AS i;
INSERT INTO sale SELECT 'r' || i % 5, i FROM generate_series(1, 100) AS i;
INSERT INTO note VALUES ('r1', 'one');
CREATE MATERIALIZED VIEW spare AS ${SUMMED};
CREATE MATERIALIZED VIEW replaced AS ${SUMMED};
CREATE VIEW over_replaced AS SELECT * FROM replaced;
CREATE MATERIALIZED VIEW extra AS ${KEPT.mixed}`;

type Use = { readonly imat: Imat; readonly db: Db };
type Command = readonly [string, (use: Use) => Promise<unknown>];
type Name = keyof typeof KEPT;

const SWAPPED: readonly Name[] = ['ranked', 'stacked', 'mixed'];
const call = (procedure: string, name: string): Command => [
  `${procedure}(${name})`,
  ({ db }) => db.execute(`CALL ${procedure}('${name}')`),
];

/** A user's own: event triggers of imat record it. */
const ddlOn = (table: string): Command => [
  `DDL on ${table}`,
  ({ db }) => db.execute(`ALTER TABLE public.${table} SET (fillfactor = 90)`),
];

/** What is done with one imat as it is. */
const commandsOf = (name: Name): Command[] => [
  SWAPPED.includes(name)
    ? [`swap ${name}`, ({ imat }) => imat.swap(name)]
    : [`fold ${name}`, ({ imat }) => imat.fold(name)],
  call('imat_catalog.maintain', name),
  [`publish ${name}`, ({ db }) => db.execute(`CALL imat_catalog.publish('{${name}}')`)],
  [`verify ${name}`, ({ imat }) => imat.verify(name)],
  [`explain ${name}`, ({ imat }) => imat.explain(name)],
  ...(SWAPPED.includes(name)
    ? []
    : [[`rebuild ${name}`, ({ imat }: Use) => imat.rebuild(name)] as const]),
];

/** What builds it anew takes the longest. */
const allOf = (name: Name): Command[] => [
  ...commandsOf(name),
  [`repair ${name}`, ({ imat }) => imat.repair(name)],
  [`alter ${name}`, ({ imat }) => imat.alter(name, KEPT[name], {})],
];

/** What is done with materialized views, and what looks at everything. */
const COMMON: readonly Command[] = [
  ['convert', ({ imat }) => imat.convert('spare')],
  ['convert again', ({ imat }) => imat.convert('spare', { freshness: 'manual' })],
  ['convert of a swap', ({ imat }) => imat.convert('extra')],
  ['convert --replace', ({ imat }) => imat.convert('replaced', { replace: true })],
  ['fold of all', ({ imat }) => foldAll(imat)],
  ['verify of all', ({ imat }) => imat.verify()],
  ['explain of a query', ({ imat }) => imat.explain(KEPT.joined, { query: true })],
  ['explain --all', ({ imat }) => imat.explainAll()],
  ['explain --measure', ({ imat }) => imat.explainAll({ measure: 5000 })],
  ['check of all', ({ imat }) => imat.check()],
  [
    'check of several',
    ({ imat }) =>
      imat.check({
        targets: [{ name: 'joined' }, { name: 'mixed' }, { file: 'a.sql', text: KEPT.viewed }],
      }),
  ],
  ['list', ({ imat }) => imat.list()],
  ['status', ({ imat }) => imat.status()],
  ['doctor', ({ imat }) => imat.doctor()],
  ['grant', ({ imat }) => imat.grant()],
  ['request', ({ db }) => db.execute(`SELECT imat.create_imat('spare')`)],
  ['look', ({ db }) => db.query('SELECT imat_catalog.look(NULL, 1000, NULL)')],
  ['upkeep', ({ db }) => db.execute('CALL imat_catalog.upkeep()')],
  ['compare schema', ({ imat }) => imat.accounting.compareSchema()],
  ['history of a view', ({ imat }) => imat.accounting.schemaHistory('public.big')],
  ['group create', ({ imat }) => imat.accounting.createGroup('all', ['public.sale', 'region'])],
  ['mark', ({ imat }) => imat.accounting.setMark('all')],
  ['fold counts', ({ imat }) => imat.accounting.foldCounts()],
  ['report', ({ imat }) => imat.accounting.report()],
  ['group drop', ({ imat }) => imat.accounting.dropGroup('all')],
  ddlOn('region'),
  ['repair of all', ({ imat }) => imat.repair()],
  ['revert', ({ imat }) => imat.revert('spare')],
  ['revert of a swap', ({ imat }) => imat.revert('extra')],
  ['revert of a replaced one', ({ imat }) => imat.revert('replaced')],
];

const BUILT: readonly Name[] = ['joined', 'mixed'];
const names = Object.keys(KEPT) as Name[];
const LOCKED: readonly (readonly [string, readonly Command[]])[] = [
  [
    'public.sale',
    [...names.flatMap((one) => (BUILT.includes(one) ? allOf : commandsOf)(one)), ...COMMON],
  ],
  ['public.region', [...allOf('joined'), ...commandsOf('viewed'), ddlOn('note')]],
  ['public.big', [...allOf('viewed'), ...allOf('mixed')]],
  ['public.note', allOf('mixed')],
  [
    'public.replaced',
    COMMON.filter(([name]) => /^convert --replace|all$|^history|^revert of a repl/.test(name)),
  ],
];

let world: World;
let order: LockOrder;
let db: Db;
let use: Use;
beforeAll(async () => {
  world = await createPreparedWorld(SETUP);
  for (const [name, definition] of Object.entries(KEPT)) await world.imat.create(name, definition);
  await world.sql('SELECT imat_catalog.record_commands_from_now_on()');
  order = await LockOrder.create(world);
  db = await connectDb({ kind: 'url', url: world.url });
  const watched = await order.watched(db);
  use = { db: watched, imat: createImat(watched) };
});
afterAll(async () => {
  await db.close();
  await world.drop();
});

describe.each(LOCKED)('while %s is locked', (target, commands) => {
  const before = { waits: 0 };
  beforeAll(() => void (before.waits = order.waits));

  test.each(commands)('%s', async (_, command) => {
    await world.sql(`INSERT INTO sale VALUES ('r1', 1), ('new', 2)`);
    order.lock(target);
    try {
      await command(use);
    } finally {
      expect(await order.victims()).toEqual([]);
    }
  });

  test('commands did wait for it', () =>
    expect(order.waits - before.waits).toBeGreaterThanOrEqual(commands.length / 3));
});
