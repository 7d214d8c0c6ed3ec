/**
 * What only the embedded database has: a directory of its own, and a cached cluster to start from.
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';

let pristine: string;
let home: string;
beforeAll(async () => {
  // One cluster by initdb for all: it takes seconds.
  pristine = mkdtempSync(join(tmpdir(), 'imat-embedded-'));
  vi.stubEnv('XDG_CACHE_HOME', pristine);
  await (await connectDb({ kind: 'embedded', directory: null })).close();
});
afterAll(() => rmSync(pristine, { recursive: true, force: true }));
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'imat-embedded-'));
  cpSync(pristine, join(home, 'cache'), { recursive: true });
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

/** What the cache holds. */
function cached(): { path: string; size: number; hash: string }[] {
  const directory = join(home, 'cache', 'imat');
  return readdirSync(directory).map((name) => {
    const bytes = readFileSync(join(directory, name));
    return {
      path: join(directory, name),
      size: bytes.length,
      hash: createHash('sha256').update(bytes).digest('hex'),
    };
  });
}

test('a database in a directory keeps its rows, and is locked while it is open', async () => {
  const target = { kind: 'embedded', directory: join(home, 'nested', 'data') } as const;
  const first = await connectDb(target);
  await first.execute('CREATE TABLE public.kept (a int); INSERT INTO public.kept VALUES (7)');
  await expect(connectDb(target)).rejects.toMatchObject({ condition: 'embedded_locked' });
  await first.close();

  const second = await connectDb(target);
  expect(await second.query('SELECT a FROM public.kept')).toEqual([{ a: 7 }]);
  await second.close();
  expect(readdirSync(join(home, 'nested'))).toEqual(['data']);
});

test('rows that were committed survive a cancel, which ends the database', async () => {
  const target = { kind: 'embedded', directory: join(home, 'data') } as const;
  const first = await connectDb(target);
  await first.execute('CREATE TABLE public.kept (a int); INSERT INTO public.kept VALUES (7)');
  const long = expect(
    first.query('SELECT count(*) FROM generate_series(1, 1000000000)'),
  ).rejects.toMatchObject({ sqlstate: '57014' });
  await first.cancel();
  await long;
  await expect(first.query('SELECT 1')).rejects.toMatchObject({ condition: 'connection_failed' });
  await first.close();

  const second = await connectDb(target);
  expect(await second.query('SELECT a FROM public.kept')).toEqual([{ a: 7 }]);
  await second.close();
});

test('the first start leaves one fresh cluster in the cache, which later starts use', async () => {
  const before = cached();
  expect(before).toHaveLength(1);
  const db = await connectDb({ kind: 'embedded', directory: null });
  expect(
    await db.query(
      "SELECT count(*) AS n FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    ),
  ).toEqual([{ n: '0' }]);
  await db.execute('CREATE TABLE public.mine (a int)');
  await db.close();
  expect(cached()).toEqual(before);
});

test.each(['memory', 'a directory'])(
  'a damaged cache is replaced, for a database in %s',
  async (place) => {
    const [dump] = cached();
    if (dump === undefined) return expect.fail('nothing is cached');
    truncateSync(dump.path, Math.floor(dump.size / 2));
    const db = await connectDb({
      kind: 'embedded',
      directory: place === 'memory' ? null : join(home, 'data'),
    });
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await db.close();
    expect(cached().map(({ path }) => path)).toEqual([dump.path]);
    expect(cached()[0]?.size).toBeGreaterThan(dump.size / 2);
  },
);

test('a directory of something else is left as it is', async () => {
  const directory = join(home, 'photos');
  mkdirSync(directory);
  writeFileSync(join(directory, 'cat.jpg'), 'meow');
  await expect(connectDb({ kind: 'embedded', directory })).rejects.toMatchObject({
    condition: 'invalid_argument',
  });
  expect(readdirSync(directory)).toEqual(['cat.jpg']);
});

test('a database whose making was cut off is made anew', async () => {
  const directory = join(home, 'data');
  mkdirSync(join(directory, 'base'), { recursive: true });
  writeFileSync(join(directory, 'PG_VERSION'), '18');
  writeFileSync(`${directory}.unfinished`, '');
  const db = await connectDb({ kind: 'embedded', directory });
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await db.close();
  expect(readdirSync(home).toSorted()).toEqual(['cache', 'data']);
});
