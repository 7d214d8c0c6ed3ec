/** What the corpus itself promises. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { randomOf } from '../../../tools/random.ts';
import { type Batch, BATCHES } from './definitions/all.ts';
import { named, type Named } from './definitions/definition.ts';
import { DELTA } from './expected.ts';
import { History, printStep } from './histories.ts';
import { SHOP } from './schema.ts';

const batches: readonly Batch[] = Object.values(BATCHES);
const all: readonly Named[] = batches.flatMap(({ sets }) => Object.values(sets).flatMap(named));

test('there are several hundred definitions, each with a name and a text of its own', () => {
  expect(all.length).toBeGreaterThan(500);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(all.map(({ sql }) => sql)).size).toBe(all.length);
});

test('what is expected exists', () => {
  const names = new Set(all.map(({ name }) => name));
  expect([...DELTA].filter((name) => !names.has(name))).toEqual([]);
});

test('the README counts them', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const counted = /hold (\d+) definitions from all of SQL; (\d+) of\s+them need no swap/.exec(
    readme,
  );
  expect(counted?.slice(1).map(Number)).toEqual([all.length, DELTA.size]);
});

const print = (seed: number, steps: number): string[] => {
  const history = new History(seed, SHOP, 'p');
  return [
    ...history.firstRows(),
    ...Array.from({ length: steps }, () => printStep(history.next())),
  ];
};

test('a seed gives one history', () => {
  expect(print(7, 100)).toEqual(print(7, 100));
  expect(print(7, 100)).not.toEqual(print(8, 100));
});

test('a long history has everything that a short one may have', () => {
  const text = print(1, 3_000).join('\n');
  for (const word of [
    'BEGIN',
    'BEGIN ISOLATION LEVEL REPEATABLE READ',
    'COMMIT',
    'ROLLBACK',
    'SAVEPOINT a',
    'ROLLBACK TO SAVEPOINT a',
    'RELEASE SAVEPOINT a',
    'PREPARE TRANSACTION',
    'COMMIT PREPARED',
    'ROLLBACK PREPARED',
    'TRUNCATE',
    'ON CONFLICT (id) DO UPDATE',
    'SET id = id + 1',
    'SET customer = NULL',
    'fold 100 %',
    'reader: BEGIN',
  ])
    expect(text.includes(word), word).toBe(true);
  expect(text).toMatch(/BEGIN; LOCK TABLE [a-z, ]+ IN ACCESS SHARE MODE; [^\n]+; TRUNCATE/);
  for (const { name } of SHOP.tables)
    expect(text.includes(`DELETE FROM ${name} `), name).toBe(true);
});

test('a writer goes on from the savepoint, or with a new transaction, after an error', () => {
  const random = randomOf(3);
  const history = new History(3, SHOP, 'p');
  const undone = new Set<string>();
  for (let step = 0; step < 400; step++) {
    const next = history.next();
    if (next.kind !== 'write' || !history.isOpen(next.writer) || !random.chance(0.4)) continue;
    undone.add(history.failed(next.writer));
  }
  expect([...undone].toSorted()).toEqual(['ROLLBACK', 'ROLLBACK TO SAVEPOINT a']);
});
