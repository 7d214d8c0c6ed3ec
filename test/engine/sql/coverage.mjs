/**
 * How many definitions of each construct are maintained by delta, and why the others are not, from
 * the report of a run of the tests in this folder:
 *
 *   IMAT_SQL_ALL=1 IMAT_SQL_REPORT=/tmp/report.jsonl npx vitest run --project pg test/engine/sql
 *   node test/engine/sql/coverage.mjs /tmp/report.jsonl [construct]
 */
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ name: string, construct: string, strategy: string, isExpected: boolean,
 *   reasons: string[] }} Definition
 * @typedef {{ title: string, seed: number, steps: number, comparisons: number, raising: number,
 *   folds: number, swaps: number, convertMs: number, runMs: number,
 *   definitions: Definition[] }} Report
 */
const [file = '', chosen] = process.argv.slice(2);
const reports = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => /** @type {Report} */ (JSON.parse(line)));
const definitions = reports.flatMap((report) => report.definitions);

/** @param {readonly string[]} cells */
const line = (...cells) => cells.map((cell, index) => cell.padEnd(index === 0 ? 38 : 12)).join('');
/** @param {readonly Definition[]} some */
const share = (some) =>
  `${some.filter(({ strategy }) => strategy === 'delta').length} of ${some.length}`;

for (const construct of new Set(definitions.map((one) => one.construct))) {
  const some = definitions.filter((one) => one.construct === construct);
  const kinds = some.flatMap(({ reasons }) => [...new Set(reasons)]);
  const counts = [...new Set(kinds)]
    .map((kind) => ({ kind, count: kinds.filter((one) => one === kind).length }))
    .toSorted((a, b) => b.count - a.count)
    .map(({ kind, count }) => `${kind} ${count}`);
  console.log(line(construct, share(some), counts.join(', ')));
  for (const { name, strategy, reasons } of chosen === construct ? some : [])
    console.log(line(`  ${name}`, strategy, reasons.join(', ')));
}
console.log(line('all', share(definitions)));

/** @param {(one: Definition) => boolean} wanted */
const namesOf = (wanted) => definitions.filter(wanted).map(({ name }) => name);
const fresh = namesOf((one) => one.strategy === 'delta' && !one.isExpected);
const lost = namesOf((one) => one.strategy !== 'delta' && one.isExpected);
if (fresh.length > 0) console.log(`\ndelta, and not in expected.ts yet: ${fresh.join(' ')}`);
if (lost.length > 0) console.log(`\nno longer delta: ${lost.join(' ')}`);

console.log(`\n${line('batch', 'seed', 'steps', 'compared', 'raising', 'folds', 'swaps', 's')}`);
for (const one of reports)
  console.log(
    line(
      one.title,
      ...[one.seed, one.steps, one.comparisons, one.raising, one.folds, one.swaps].map(String),
      `${Math.round((one.convertMs + one.runMs) / 1000)}`,
    ),
  );
