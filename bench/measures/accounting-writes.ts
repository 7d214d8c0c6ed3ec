/** What counting costs 1-row writers: in plpgsql, and in C where the database has the extension. */
import { createImat } from '../../engine/index.ts';
import type { Db } from '../../engine/db/db.ts';
import type { Database, Kind } from '../databases.ts';
import { createSales, createView, VIEW } from '../dataset.ts';
import { createExtension, type Place, withExtensionServers } from '../extension-servers.ts';
import { type Bench, CannotRun } from '../measure.ts';
import { atLeast, type Bar, ratioResult } from '../result.ts';
import { summarize } from '../statistics.ts';
import { race, type Racer } from '../throughput.ts';
import { insertScript, updateScript } from './writes.ts';

export type Contender = 'without' | 'counted';

const WRITERS = 8;

/** Counts the changes of the table of the bench. */
export async function count(db: Db): Promise<void> {
  const imat = createImat(db);
  await imat.init();
  await imat.accounting.createGroup('sales', ['public.sales']);
}

/** Steadier than throughput on a machine that has other work. */
function cpuNotes(cpu: Readonly<Record<Contender, number[]>> | null): string[] {
  if (cpu === null) return [];
  const [without, counted] = [summarize(cpu.without).median, summarize(cpu.counted).median];
  return [
    `server CPU a transaction: ${without.toFixed(1)} us, counted ${counted.toFixed(1)} us ` +
      `(${(without / counted).toFixed(2)} transactions for the same time)`,
  ];
}

type Load = {
  readonly clients: number;
  readonly verb: string;
  readonly script: string;
  readonly durable: boolean;
};

/** As PostgreSQL commits by default, and without waiting for the disk, which hides less. */
const loads = (bench: Bench): readonly Load[] =>
  [true, false].flatMap((durable) =>
    [1, WRITERS].flatMap((clients) => [
      { clients, verb: 'inserts', script: insertScript(bench.scale.groups), durable },
      { clients, verb: 'updates', script: updateScript(bench.scale), durable },
    ]),
  );

async function raceOne(
  bench: Bench,
  racers: Readonly<Record<Contender, Racer>>,
  { clients, verb, script, durable }: Load,
  { label, bar }: { readonly label: string; readonly bar: Bar },
): Promise<void> {
  const outcome = await race(bench, racers, { clients, durable, script });
  const { without, counted } = outcome.transactionsPerSecond;
  const result = ratioResult({
    name:
      `1-row ${verb}, ${clients} client${clients === 1 ? '' : 's'}, ${label}` +
      (durable ? '' : ', synchronous_commit off'),
    unit: 'tps',
    baseline: { label: 'not counted', values: without },
    imat: { label: 'counted', values: counted },
    bar,
    notes: cpuNotes(outcome.cpuMicroseconds),
  });
  bench.report({ ...result, ok: result.ok === true && outcome.failed.counted === 0 });
}

/** Each load on two fresh copies, of which one is counted. */
export async function raceWrites(bench: Bench, kind: Kind, bar: Bar): Promise<void> {
  const label = kind === 'imat' ? 'with an imat' : 'with nothing';
  const kinds: Record<Contender, Kind> = { without: kind, counted: kind };
  for (const load of loads(bench))
    await bench.databases.withCopies(kinds, async (copies: Record<Contender, Database>) => {
      await count(copies.counted.db);
      await raceOne(bench, copies, load, { label, bar });
    });
}

/** The same where both databases have the extension: captured and counted in C. */
export async function raceWithExtension(bench: Bench): Promise<void> {
  try {
    await withExtensionServers(async ({ without: [one, two], createDatabase }) => {
      for (const [kind, bar] of [
        ['plain', atLeast(0.9)],
        ['imat', atLeast(0.97)],
      ] as const) {
        const places: Record<Contender, Place> = {
          without: await createDatabase(one, `${kind}_without`),
          counted: await createDatabase(two, `${kind}_counted`),
        };
        for (const { db } of Object.values(places)) {
          await createExtension(db);
          await createSales(db, bench.scale.rows, bench.scale.groups);
          if (kind === 'imat') {
            await createView(db);
            await createImat(db).convert(`public.${VIEW}`);
          }
        }
        await count(places.counted.db);
        const label = `in C, with ${kind === 'imat' ? 'an imat' : 'nothing'}`;
        for (const load of loads(bench)) await raceOne(bench, places, load, { label, bar });
      }
    });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    process.stderr.write(`counting in C is not measured: ${error.message}\n`);
  }
}
