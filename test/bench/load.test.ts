import { expect, test } from 'vitest';
import { readScript } from '../../bench/generator.ts';
import { readReport } from '../../bench/pgbench.ts';

const REPORT = `pgbench (15.20 (Debian 15.20-0+deb12u1))
transaction type: -
scaling factor: 1
query mode: prepared
number of clients: 16
number of threads: 2
maximum number of tries: 1
duration: 1 s
number of transactions actually processed: 26785
number of failed transactions: 3 (0.011%)
latency average = 0.298 ms
initial connection time = 18.103 ms
tps = 26828.523418 (without initial connection time)
`;

test("pgbench's report is read", () => {
  expect(readReport(REPORT)).toEqual({
    transactionsPerSecond: 26828.523418,
    transactions: 26785,
    failed: 3,
  });
});

test('what is no report is shown', () => {
  expect(() => readReport('something else')).toThrow('not a report of pgbench:\nsomething else');
});

test('the own generator reads the scripts that the measures use', () => {
  const script = '\\set a random(1, 10)\nBEGIN;\nINSERT INTO t VALUES (:a, :a / 100.0);\nCOMMIT;\n';
  expect(readScript(script)).toEqual([
    { kind: 'set', name: 'a', from: 1, to: 10 },
    { kind: 'control', sql: 'BEGIN;' },
    { kind: 'statement', sql: 'INSERT INTO t VALUES ($1, $2 / 100.0)', names: ['a', 'a'] },
    { kind: 'control', sql: 'COMMIT;' },
  ]);
});

test('it refuses what only pgbench understands', () => {
  expect(() => readScript('\\sleep 10 ms\n')).toThrow('does not understand: \\sleep 10 ms');
});
