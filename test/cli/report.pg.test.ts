/** imat report as a process: the page is written, and a mistake leaves the old one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from '../engine/report/support.ts';
import { useDatabase } from '../setup/database.ts';
import { type Ended, runCli, useBuiltCli } from './built-cli.ts';

useBuiltCli();
const database = useDatabase();
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imat-page-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const imat = (...argv: string[]): Promise<Ended> =>
  runCli(argv, { environment: { DATABASE_URL: database.url } });

test('a page, then errors that leave it', async () => {
  const out = join(directory, 'changes.html');
  const none = await imat('report', '--out', out);
  expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('imat init')]);
  const db = await database.connect();
  await db.execute('CREATE TABLE public.t (id int)');
  expect((await imat('group', 'create', 'g', 'public.t')).status).toBe(0);
  await db.execute('INSERT INTO public.t SELECT generate_series(1, 1234)');
  expect(await imat('report', '--out', out)).toMatchObject({ status: 0, stderr: '' });
  const page = readFileSync(out, 'utf8');
  expect(rowsOf(page, 'tables')).toEqual([['public', 't', '1,234']]);
  for (const [flags, message] of [
    [['--group', 'no'], 'group "no" does not exist'],
    [['--from', 'no'], 'group "g" has no mark "no"'],
  ] as const) {
    const failed = await imat('report', '--out', out, ...flags);
    expect([failed.status, failed.stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(failed.stderr).toContain('HINT:');
  }
  expect(readFileSync(out, 'utf8')).toBe(page);
  expect(readdirSync(directory)).toEqual(['changes.html']);
  const stats = await imat('stats', 'g');
  expect(stats.stdout).not.toMatch(/[▁-▏]/);
});
