/**
 * PGXS's own kinds of tests, extension/test/sql and extension/test/specs, on every version that can
 * be had here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { provideExtension } from '../../tools/extension.ts';
import { useExtensionServer } from './server.ts';

const INPUT = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'extension', 'test');
const { servers, missing } = provideExtension();
for (const { major, reason } of missing)
  process.stderr.write(
    `the extension's regression tests do not run on PostgreSQL ${major}: ${reason}\n`,
  );

// Those of one version run the tests on the servers of all: they need psql and libpq, no more.
const programs = servers.find((server) => server.testPrograms !== null);
if (programs === undefined)
  process.stderr.write(
    "the extension's regression tests do not run: " +
      'no version has pg_regress and pg_isolation_regress\n',
  );

const names = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(INPUT, folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => basename(file, ending))
    .toSorted();

describe
  .skipIf(programs === undefined)
  .each(servers.map((server) => [server.major, server] as const))(
  'PostgreSQL %i',
  (_major, server) => {
    const under = useExtensionServer(() => server, {
      settings: { timezone: 'UTC', datestyle: 'ISO, MDY' },
    });

    function run(program: string, tests: readonly string[], database: string): void {
      const output = mkdtempSync(join(tmpdir(), 'imat-regress-'));
      const { port, hostname } = new URL(under.server.url);
      const where = [
        `--host=${hostname}`,
        `--port=${port}`,
        '--user=postgres',
        `--dbname=${database}`,
        `--bindir=${programs?.programs ?? ''}`,
      ];
      const files = [
        `--inputdir=${INPUT}`,
        `--outputdir=${output}`,
        '--load-extension=table_change_tracker',
      ];
      const { status, stdout, stderr } = spawnSync(
        join(programs?.testPrograms ?? '', program),
        [...where, ...files, ...tests],
        {
          encoding: 'utf8',
          cwd: output,
        },
      );
      const differences = join(output, 'regression.diffs');
      const told = existsSync(differences) ? readFileSync(differences, 'utf8') : '';
      rmSync(output, { recursive: true });
      expect(status, `${stdout}${stderr}${told}`).toBe(0);
    }

    test('the functions do what their regression tests say', () => {
      run('regress/pg_regress', names('sql', '.sql'), 'contrib_regression');
    });

    test('the races end as their isolation tests say', () => {
      run('isolation/pg_isolation_regress', names('specs', '.spec'), 'isolation_regression');
    });
  },
);
