/**
 * A write load on the table without a view, with an imat, and with pg_ivm where the server has it.
 */
import { type Bench, PG_IVM_ABSENT, type Script } from '../measure.ts';
import { type Bar, ratioResult } from '../result.ts';
import { ratioOf, summarize } from '../statistics.ts';
import { contendersOf, race } from '../throughput.ts';

export type WriteRace = { readonly name: string; readonly script: Script; readonly bar: Bar };

export async function runWriteRace(bench: Bench, { name, script, bar }: WriteRace): Promise<void> {
  await bench.databases.withCopies(contendersOf(bench), async (copies) => {
    const outcome = await race(bench, copies, script);
    const tps = (kind: string): number[] => outcome.transactionsPerSecond[kind] ?? [];
    const cpu = outcome.cpuMicroseconds;
    const notes: string[] = [];
    if (cpu !== null)
      notes.push(
        `server CPU a transaction: ${microseconds(cpu['plain'])} ` +
          `plain, ${microseconds(cpu['imat'])} imat`,
      );
    notes.push(
      bench.databases.hasPgIvm
        ? `pg_ivm: ${ratioOf(tps('pg_ivm'), tps('plain')).median.toFixed(3)} of plain`
        : PG_IVM_ABSENT,
    );
    const failures = Object.entries(outcome.failed).filter(([, count]) => count > 0);
    for (const [kind, count] of failures) notes.push(`${kind}: ${count} transactions failed`);
    const result = ratioResult({
      name,
      unit: 'tps',
      baseline: { label: 'no view', values: tps('plain') },
      imat: { label: 'imat', values: tps('imat') },
      bar,
      notes,
    });
    // A failed transaction is never made up for by speed.
    bench.report({ ...result, ok: result.ok === true && outcome.failed['imat'] === 0 });
  });
}

const microseconds = (values: readonly number[] = []): string =>
  `${summarize(values).median.toFixed(0)} us`;
