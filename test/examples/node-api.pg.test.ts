import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { useBuiltCli } from '../cli/built-cli.ts';
import { useDatabase } from '../setup/database.ts';
import { consoleLines, EXAMPLES } from './console.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

useBuiltCli();
const database = useDatabase();

/** What `npm install` does for the example: `imat` is this package, `pg` is the pinned version. */
function install(directory: string): void {
  cpSync(join(EXAMPLES, 'node-api'), directory, { recursive: true });
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(ROOT, join(directory, 'node_modules', 'imat'));
  symlinkSync(join(ROOT, 'node_modules', 'pg'), join(directory, 'node_modules', 'pg'));
}

test('the program reads its own uncommitted write and leaves nothing behind', async () => {
  const run = consoleLines('node-api').at(-1) ?? '';
  expect(run).toMatch(/^node /);
  const directory = mkdtempSync(join(tmpdir(), 'imat-example-'));
  install(directory);
  const { status, stdout, stderr } = spawnSync(process.execPath, run.split(' ').slice(1), {
    cwd: directory,
    env: { ...process.env, DATABASE_URL: database.url },
    encoding: 'utf8',
  });
  rmSync(directory, { recursive: true });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.split('\n')).toEqual([
    'imat.revenue uses the strategy delta',
    'Ann: 30.00',
    'Bob: 12.50',
    'folded 1 row',
    'equal to its definition',
    '',
  ]);
  const db = await database.connect();
  expect(
    await db.query(
      `SELECT nspname FROM pg_namespace WHERE nspname ~ '^imat' OR nspname = 'node_api_example'`,
    ),
  ).toEqual([]);
});
