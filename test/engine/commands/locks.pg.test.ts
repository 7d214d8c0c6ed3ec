/**
 * What each command locks: the table in docs/operations.md, found out by other transactions that
 * hold a lock. PostgreSQL's lock modes differ in what they conflict with, so the modes for which a
 * command waits name its own.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Imat } from '../../../engine/index.ts';
import { createPreparedWorld, type World } from './support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

/** The conflicts of each mode, by place in the list: PostgreSQL's documentation, table 13.2. */
const MODES = [
  { mode: 'ACCESS SHARE', conflicts: [7] },
  { mode: 'ROW SHARE', conflicts: [6, 7] },
  { mode: 'ROW EXCLUSIVE', conflicts: [4, 5, 6, 7] },
  { mode: 'SHARE UPDATE EXCLUSIVE', conflicts: [3, 4, 5, 6, 7] },
  { mode: 'SHARE', conflicts: [2, 3, 5, 6, 7] },
  { mode: 'SHARE ROW EXCLUSIVE', conflicts: [2, 3, 4, 5, 6, 7] },
  { mode: 'EXCLUSIVE', conflicts: [1, 2, 3, 4, 5, 6, 7] },
  { mode: 'ACCESS EXCLUSIVE', conflicts: [0, 1, 2, 3, 4, 5, 6, 7] },
] as const;

const SCHEMA = `
CREATE TABLE sale (region text, amount numeric(10,2) NOT NULL);
INSERT INTO sale SELECT 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW totals AS
  SELECT region, sum(amount) AS total FROM sale GROUP BY region;
CREATE MATERIALIZED VIEW ranked AS
  ${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sale;`;

type Case = {
  readonly command: string;
  /** What is there before: imats of `totals` and of `ranked`, or neither. */
  readonly converted: boolean;
  readonly run: (imat: Imat) => Promise<unknown>;
};

const CASES: readonly Case[] = [
  { command: 'convert', converted: false, run: (imat) => imat.convert('totals') },
  {
    command: 'convert --replace',
    converted: false,
    run: (imat) => imat.convert('totals', { replace: true }),
  },
  {
    command: 'convert --freshness',
    converted: true,
    run: (imat) => imat.convert('totals', { freshness: 'manual' }),
  },
  { command: 'fold', converted: true, run: (imat) => imat.fold('totals') },
  { command: 'swap', converted: true, run: (imat) => imat.swap('ranked') },
  { command: 'verify', converted: true, run: (imat) => imat.verify('totals') },
  { command: 'explain', converted: true, run: (imat) => imat.explain('totals') },
  {
    command: 'check',
    converted: true,
    run: (imat) => imat.check({ targets: [{ name: 'totals' }] }),
  },
  { command: 'list', converted: true, run: (imat) => imat.list() },
  { command: 'status', converted: true, run: (imat) => imat.status() },
  { command: 'doctor', converted: true, run: (imat) => imat.doctor() },
  { command: 'revert', converted: true, run: (imat) => imat.revert('totals') },
];

/** Whether the command waits for a transaction that has run `held`; it is let go after that. */
async function waits(world: World, { converted, run }: Case, held: string): Promise<boolean> {
  // What the last one has made, changed or taken away.
  const left = await world.imat.list();
  if (!converted) for (const { name } of left) await world.imat.revert(name);
  else
    for (const view of ['totals', 'ranked']) {
      const found = left.find(({ name }) => name === view);
      if (found?.freshness !== 'live') await world.imat.convert(view, { freshness: 'live' });
    }
  if (converted) await world.sql(`INSERT INTO sale VALUES ('new', 1)`);
  const holder = await world.session();
  const { imat, pid } = await world.program();
  await holder.sql(`BEGIN; ${held}`);
  let ended = false;
  let failure: unknown;
  const running = run(imat)
    .catch((error: unknown) => (failure = error))
    .finally(() => (ended = true));
  let waiting = false;
  while (!ended && !waiting) {
    waiting = await world.value<boolean>(`SELECT ${holder.pid} = ANY (pg_blocking_pids(${pid}))`);
    await sleep(1);
  }
  await holder.sql('ROLLBACK');
  await running;
  await Promise.all([holder.db.close(), imat.close()]);
  // A swap that readers keep from the view takes another way, or is finished later.
  if (failure !== undefined && !waiting) throw failure;
  return waiting;
}

/** The mode that a command takes on the source, by the modes for which it waits; null for none. */
async function modeOn(world: World, command: Case): Promise<string | null> {
  const conflicts: number[] = [];
  for (const [index, { mode }] of MODES.entries())
    if (await waits(world, command, `LOCK TABLE sale IN ${mode} MODE`)) conflicts.push(index);
  if (conflicts.length === 0) return null;
  const taken = MODES.find((one) => one.conflicts.join() === conflicts.join());
  return taken?.mode ?? expect.fail(`${command.command} waits for ${conflicts.join()}`);
}

/** The rows of the table in docs/operations.md, by command. */
function documented(): Record<string, readonly string[]> {
  const text = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const section = /^## Locks$(.*?)^## /ms.exec(text)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (.+?) \| (.+?) \| (.+?) \|/gm)];
  return Object.fromEntries(
    rows.map(([, command = '', source = '', view = '', original = '']) => [
      command,
      [source, view, original],
    ]),
  );
}

test('the table in docs/operations.md names every command', () => {
  expect(Object.keys(documented()).sort()).toEqual(CASES.map(({ command }) => command).sort());
});

test.each(CASES)('$command', async (command) => {
  const world = await createPreparedWorld(SCHEMA);
  try {
    const view = command.command === 'swap' ? 'ranked' : 'totals';
    const reader = async (relation: string): Promise<string> =>
      (await waits(world, command, `SELECT FROM ${relation}`)) ? 'yes' : 'no';
    const found = [
      (await modeOn(world, command)) ?? 'none',
      command.converted ? await reader(`imat.${view}`) : '-',
      await reader(view),
    ];
    expect(found).toEqual(documented()[command.command]);
  } finally {
    await world.drop();
  }
});
