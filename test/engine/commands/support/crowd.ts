/**
 * Many users at once: writers on both sides of a join, folds, swaps, readers,
 * and a witness who watches the server's locks. Each runs until `running` ends; whatever goes wrong
 * with one ends all.
 *
 * Writers change rows of their own only, so that they never conflict with each other: a transaction
 * that fails, fails because of imat. TRUNCATE takes everybody's rows, and waits for everybody, so
 * one at a time does it and holds nothing else. A transaction with a snapshot of its own locks the
 * tables before it takes it: TRUNCATE empties a table for older snapshots too, for the definition
 * as for the imat.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ServerError } from '../../../../engine/db/db.ts';
import type { Chance } from '../../../../tools/chance.ts';
import { REBUILT } from '../../../setup/rebuilt.ts';
import { READ_OVER_STORES } from './crowd-imats.ts';
import { differencesSql } from './world.ts';
import type { Checked, Session, World } from './world.ts';

export const CROWD_SCHEMA = `
CREATE TABLE customer (id int PRIMARY KEY, region text, credit numeric(12,2), note text);
CREATE TABLE purchase (
  id bigint PRIMARY KEY, customer_id int, kind int, amount numeric(12,2), paid boolean, note text
);
INSERT INTO customer SELECT i, 'r' || i % 4, i, 'n' FROM generate_series(1, 80) AS i;
INSERT INTO purchase
SELECT i, 1 + i % 80, i % 3, i % 50, i % 4 <> 0, 'n' FROM generate_series(1, 400) AS i;`;

const RANKED = `${REBUILT} SELECT t.region, t.total,
    rank() OVER (ORDER BY t.total DESC NULLS LAST, t.region) AS place
  FROM (
    SELECT c.region, sum(p.amount) AS total
    FROM public.customer c LEFT JOIN public.purchase p ON p.customer_id = c.id
    GROUP BY c.region
  ) t`;

export const CROWD_IMATS: readonly Checked[] = [
  {
    name: 'joined',
    definition: `SELECT c.region, p.kind, count(*) AS n, count(p.amount) AS amounts,
        sum(p.amount) AS total, avg(p.amount) AS mean, sum(c.credit) AS credit
      FROM public.purchase p JOIN public.customer c ON c.id = p.customer_id
      WHERE p.paid
      GROUP BY c.region, p.kind`,
  },
  {
    name: 'single',
    definition: `SELECT customer_id, count(*) AS n, sum(amount) AS total, bool_or(paid) AS some_paid
      FROM public.purchase
      GROUP BY customer_id`,
  },
  {
    name: 'bag',
    definition: `SELECT c.region, p.kind, p.amount
      FROM public.purchase p JOIN public.customer c ON c.id = p.customer_id
      WHERE p.amount > 20`,
  },
  { name: 'ranked', definition: RANKED },
  ...READ_OVER_STORES,
];

export type Figures = {
  transactions: number;
  statements: number;
  rolledBack: number;
  prepared: number;
  truncates: number;
  comparisons: number;
  folds: number;
  foldedRows: number;
  swaps: number;
  swapsPutOff: number;
  samples: number;
  maxPending: number;
  /**
   * Waits of any kind that the witness saw: of writers for each other, of reads for a swap's short
   * locks, of TRUNCATE.
   */
  waits: Record<string, number>;
};

export type Crowd = {
  readonly world: World;
  readonly figures: Figures;
  readonly prefix: string;
  running: boolean;
  /** Writers that have not ended. */
  writing: number;
  failure: unknown;
  /** Prepared transactions that nobody has ended yet. */
  readonly prepared: Set<string>;
  truncating: boolean;
  readonly writerPids: Set<number>;
  readonly maintainerPids: Set<number>;
};

export function newCrowd(world: World): Crowd {
  const figures: Figures = {
    transactions: 0,
    statements: 0,
    rolledBack: 0,
    prepared: 0,
    truncates: 0,
    comparisons: 0,
    folds: 0,
    foldedRows: 0,
    swaps: 0,
    swapsPutOff: 0,
    samples: 0,
    maxPending: 0,
    waits: {},
  };
  return {
    world,
    figures,
    prefix: `crowd-${Date.now()}`,
    running: true,
    writing: 0,
    failure: null,
    prepared: new Set(),
    truncating: false,
    writerPids: new Set(),
    maintainerPids: new Set(),
  };
}

/**
 * Who has read `ranked` keeps its view from being changed until the transaction ends: not everybody
 * does, or no swap would get in.
 */
const pickImat = (chance: Chance): Checked =>
  chance.pick(
    chance.in100(15) ? CROWD_IMATS : CROWD_IMATS.filter((imat) => imat.name !== 'ranked'),
  );

/** Lets an actor act; what goes wrong with it first ends all. */
export async function act(crowd: Crowd, actor: Promise<void>): Promise<void> {
  try {
    await actor;
  } catch (error) {
    crowd.failure ??= error;
    crowd.running = false;
  }
}

async function compare(
  crowd: Crowd,
  session: Session,
  imat: Checked,
  context: string,
): Promise<void> {
  expect(
    await session.rows(differencesSql(imat)),
    `imat.${imat.name} differs from its definition (${context})`,
  ).toEqual([]);
  crowd.figures.comparisons += 1;
}

/**
 * Rows of writer `index`: customers 1 to 80 by remainder, purchases from a million times the index
 * on.
 */
type Writer = {
  readonly crowd: Crowd;
  readonly session: Session;
  readonly chance: Chance;
  readonly index: number;
  next: number;
  /**
   * Its own prepared transaction that has not ended: it holds rows that a snapshot of its own must
   * not meet.
   */
  prepared: string | null;
};

const WRITERS = 8;
const KEPT = 80;

/** The larger side of the join changes more often. */
const STATEMENTS = [0, 0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 5, 6, 7, 8, 9] as const;

function statementOf(writer: Writer): string {
  const { chance, index } = writer;
  const base = 1_000_000 * (index + 1);
  const [oldest, newest] = [base + Math.max(0, writer.next - KEPT), base + writer.next];
  const [from, every] = [chance.int(oldest, newest), chance.int(1, 5)];
  const some = `id BETWEEN ${from} AND ${newest} AND id % ${every} = 0`;
  const own = `id % ${WRITERS} = ${index} AND id % ${chance.pick([16, 24, 80])} = ${index}`;
  const values = (id: number): string =>
    `(${id}, ${chance.int(1, 84)}, ${chance.int(0, 2)}, ` +
    `${chance.in100(5) ? 'NULL' : chance.int(0, 60)}, ` +
    `${chance.pick(['true', 'true', 'false', 'NULL'])}, 'n')`;
  const fresh = (count: number): string =>
    Array.from({ length: count }, () => values(base + (writer.next += 1))).join(', ');
  switch (chance.pick(STATEMENTS)) {
    case 0:
      return `INSERT INTO purchase VALUES ${fresh(chance.int(1, 5))}`;
    case 1:
      return `INSERT INTO purchase
        VALUES ${values(newest)}, ${fresh(2)}
        ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount, kind = EXCLUDED.kind`;
    case 2:
      return `UPDATE purchase
        SET amount = amount + ${chance.int(-5, 9)}, paid = NOT paid
        WHERE ${some}`;
    case 3:
      return `UPDATE purchase
        SET customer_id = ${chance.int(1, 84)}, kind = (kind + 1) % 3
        WHERE ${some}`;
    case 4:
      return `UPDATE purchase SET note = 'x' WHERE ${some}`;
    case 5:
      return `DELETE FROM purchase
        WHERE id BETWEEN ${base} AND ${newest} AND (id < ${oldest} OR ${some})`;
    case 6:
      return `UPDATE customer
        SET region = 'r${chance.int(0, 5)}', credit = credit + 1
        WHERE ${own}`;
    case 7:
      return `DELETE FROM customer WHERE ${own}`;
    case 8:
      return `INSERT INTO customer
        SELECT i, 'r' || ${chance.int(0, 5)}, i, 'n'
        FROM generate_series(${index === 0 ? WRITERS : index}, 80, ${WRITERS}) AS i
        ON CONFLICT (id) DO UPDATE SET credit = EXCLUDED.credit`;
    default:
      return `MERGE INTO purchase p USING (
          VALUES (${newest}::bigint), (${base + (writer.next += 1)})
        ) s(id) ON p.id = s.id
        WHEN MATCHED AND p.kind = 0 THEN DELETE
          WHEN MATCHED THEN UPDATE SET amount = 33
          WHEN NOT MATCHED THEN INSERT VALUES (s.id, ${chance.int(1, 84)}, 1, 44, true, 'm')`;
  }
}

async function steps(writer: Writer, context: string): Promise<void> {
  const { crowd, session, chance } = writer;
  for (let step = chance.int(1, 4); step > 0; step--) {
    await session.sql(statementOf(writer));
    crowd.figures.statements += 1;
    if (chance.in100(35)) await compare(crowd, session, pickImat(chance), context);
  }
}

const TABLES = 'customer, purchase';

async function truncate(writer: Writer): Promise<void> {
  const { crowd, session, chance } = writer;
  crowd.truncating = true;
  try {
    await session.sql('BEGIN; TRUNCATE purchase');
    await compare(crowd, session, pickImat(chance), 'after own TRUNCATE');
    if (chance.in100(50)) await steps(writer, 'after own TRUNCATE');
    await session.sql(chance.in100(70) ? 'COMMIT' : 'ROLLBACK');
    crowd.figures.truncates += 1;
  } finally {
    crowd.truncating = false;
  }
}

async function transaction(writer: Writer): Promise<void> {
  const { crowd, session, chance, index } = writer;
  if (writer.prepared !== null && !crowd.prepared.has(writer.prepared)) writer.prepared = null;
  // One SERIALIZABLE writer alone cannot conflict with SERIALIZABLE readers.
  const fixed = index === 0 ? chance.pick(['SERIALIZABLE', 'REPEATABLE READ']) : 'REPEATABLE READ';
  const isolation = writer.prepared === null && chance.in100(30) ? fixed : 'READ COMMITTED';
  await session.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
  if (isolation !== 'READ COMMITTED')
    await session.sql(`LOCK TABLE ${TABLES} IN ROW EXCLUSIVE MODE`);
  await steps(writer, `${isolation}, own changes`);
  if (chance.in100(30)) {
    await session.sql('SAVEPOINT a');
    await steps(writer, `${isolation}, in a savepoint`);
    await session.sql(chance.in100(60) ? 'ROLLBACK TO a' : 'RELEASE a');
    await compare(crowd, session, pickImat(chance), `${isolation}, after a savepoint`);
    if (chance.in100(50)) await steps(writer, `${isolation}, after a savepoint`);
  }
  // Folds and swaps go on meanwhile.
  if (chance.in100(4)) await sleep(chance.int(200, 1200));
  await end(writer, isolation !== 'SERIALIZABLE');
}

async function end(writer: Writer, mayPrepare: boolean): Promise<void> {
  const { crowd, session, chance, index } = writer;
  crowd.figures.transactions += 1;
  const dice = chance.int(1, 100);
  if (dice <= 15) {
    crowd.figures.rolledBack += 1;
    return session.sql('ROLLBACK');
  }
  if (dice <= 20 && mayPrepare && writer.prepared === null) {
    const gid = `${crowd.prefix}-${index}-${crowd.figures.transactions}`;
    await session.sql(`PREPARE TRANSACTION '${gid}'`);
    crowd.prepared.add(gid);
    writer.prepared = gid;
    writer.next += KEPT;
    crowd.figures.prepared += 1;
    return;
  }
  return session.sql('COMMIT');
}

export async function runWriter(crowd: Crowd, chance: Chance, index: number): Promise<void> {
  crowd.writing += 1;
  const session = await crowd.world.session();
  crowd.writerPids.add(session.pid);
  const writer: Writer = { crowd, session, chance, index, next: 0, prepared: null };
  try {
    while (crowd.running) {
      if (chance.in100(1) && !crowd.truncating) await truncate(writer);
      else await transaction(writer);
      if (chance.in100(10)) await sleep(chance.int(1, 30));
    }
  } finally {
    crowd.writing -= 1;
  }
}

/**
 * Ends prepared transactions later than others end theirs, from another session; all of them at the
 * end.
 */
export async function runCommitter(crowd: Crowd, chance: Chance): Promise<void> {
  const session = await crowd.world.session();
  while (crowd.running || crowd.writing > 0 || crowd.prepared.size > 0) {
    await sleep(chance.int(10, 150));
    const [gid] = crowd.prepared;
    if (gid === undefined) continue;
    await session.sql(`${chance.in100(80) ? 'COMMIT' : 'ROLLBACK'} PREPARED '${gid}'`);
    crowd.prepared.delete(gid);
  }
}

export async function runFolder(crowd: Crowd, chance: Chance): Promise<void> {
  const session = await crowd.world.session();
  crowd.maintainerPids.add(session.pid);
  while (crowd.running) {
    await session.sql(`CALL imat.fold('${chance.pick(['joined', 'single', 'bag'])}')`);
    crowd.figures.foldedRows += Number(
      await session.value<string>(`SELECT current_setting('imat.rows')`),
    );
    crowd.figures.folds += 1;
    await sleep(chance.int(0, 80));
  }
}

/**
 * A swap may be put off by a transaction that has read the view and is still open; by nothing else.
 */
export async function runSwapper(crowd: Crowd, chance: Chance): Promise<void> {
  const session = await crowd.world.session();
  crowd.maintainerPids.add(session.pid);
  while (crowd.running) {
    try {
      await session.sql(`CALL imat.swap('ranked')`);
      crowd.figures.swaps += 1;
    } catch (error) {
      if (!(error instanceof ServerError) || error.sqlstate !== '55P03') throw error;
      crowd.figures.swapsPutOff += 1;
    }
    await sleep(chance.int(20, 200));
  }
}

/**
 * Reads under one isolation level; with a snapshot of its own, the same answers from beginning to
 * end.
 */
export async function runReader(
  crowd: Crowd,
  chance: Chance,
  isolation: string,
  pauseMs: number,
): Promise<void> {
  const session = await crowd.world.session();
  while (crowd.running) {
    await session.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
    const fixed = isolation !== 'READ COMMITTED';
    if (fixed) await session.sql(`LOCK TABLE ${TABLES} IN ACCESS SHARE MODE`);
    const answers = new Map<string, string>();
    for (let read = chance.int(2, 5); read > 0; read--) {
      const imat = pickImat(chance);
      await compare(crowd, session, imat, `${isolation} reader`);
      const answer = await session.value<string>(
        `SELECT md5(string_agg(q::text, ' ' ORDER BY q::text)) FROM imat.${imat.name} AS q`,
      );
      if (fixed && answers.has(imat.name))
        expect(answer, `imat.${imat.name} has changed within a snapshot`).toBe(
          answers.get(imat.name),
        );
      answers.set(imat.name, answer);
      await sleep(chance.int(0, pauseMs));
    }
    await session.sql('COMMIT');
  }
}
