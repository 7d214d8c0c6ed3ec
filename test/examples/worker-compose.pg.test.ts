/** Without Docker: the compose file is parsed, and its commands run against the test server. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Db } from '../../engine/db/db.ts';
import { runCli, startCli, useBuiltCli } from '../cli/built-cli.ts';
import { until } from '../engine/commands/support/world.ts';
import { useDatabase } from '../setup/database.ts';
import { consoleLines, EXAMPLES, exampleFile } from './console.ts';

type Service = {
  readonly build?: string;
  readonly image?: string;
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly volumes?: string[];
  readonly depends_on?: Record<string, object>;
  readonly deploy?: { readonly replicas: number };
};

const { services } = parse(exampleFile('worker-compose', 'compose.yaml')) as {
  services: Record<'database' | 'convert' | 'worker', Service>;
};

useBuiltCli();
const database = useDatabase();
let db: Db;

beforeAll(async () => {
  db = await database.connect();
  // The default of psql; imat's own sessions look up nothing outside pg_catalog.
  await db.execute('SET search_path = public');
});

/** The service's environment, with the address of the test's database in place of its own. */
const environmentOf = ({ environment = {} }: Service): Record<string, string> =>
  Object.fromEntries(Object.keys(environment).map((name) => [name, database.url]));

test('the compose file names files and services that exist', () => {
  const names = Object.keys(services);
  for (const [name, service] of Object.entries(services)) {
    for (const other of Object.keys(service.depends_on ?? {})) expect(names).toContain(other);
    if (service.build !== undefined)
      expect(existsSync(join(EXAMPLES, 'worker-compose', service.build, 'Dockerfile'))).toBe(true);
    for (const volume of service.volumes ?? [])
      expect(existsSync(join(EXAMPLES, 'worker-compose', volume.split(':')[0] ?? ''))).toBe(true);
    for (const value of name === 'database' ? [] : Object.values(service.environment ?? {}))
      expect(value).toBe('postgres://imat:imat@database:5432/imat');
  }
  expect(services.database.environment).toEqual({
    POSTGRES_USER: 'imat',
    POSTGRES_PASSWORD: 'imat',
    POSTGRES_DB: 'imat',
  });
});

test('its commands convert the view, and two workers fold what the README inserts', async () => {
  await db.execute(exampleFile('worker-compose', 'setup.sql'));
  const { convert, worker } = services;
  const converted = await runCli(convert.command ?? [], { environment: environmentOf(convert) });
  expect([converted.status, converted.stderr]).toEqual([0, '']);
  expect(converted.stdout).toContain('strategy delta, freshness live');

  // Every container has the port to itself; here they share a machine.
  const command = worker.command?.map((word) => word.replace(/^:\d+$/, '127.0.0.1:0')) ?? [];
  const workers = Array.from({ length: worker.deploy?.replicas ?? 0 }, () =>
    startCli(command, { environment: environmentOf(worker) }),
  );
  expect(workers).toHaveLength(2);
  const statements = consoleLines('worker-compose').flatMap(
    (line) => / -c "(.*)"$/.exec(line)?.[1] ?? [],
  );
  expect(statements).toHaveLength(2);
  for (const statement of statements) await db.query(statement);
  await until(
    'the row is folded and both workers have reported',
    async () => {
      const [row] = await db.query<{ done: boolean }>(
        `SELECT (SELECT pending_rows = 0 FROM imat_catalog.status WHERE name = 'page_visits')
          AND (SELECT count(*) = 2 FROM imat_catalog.worker) AS done`,
      );
      return row?.done === true;
    },
    30_000,
  );
  for (const one of workers) one.signal('SIGTERM');
  for (const one of workers) expect((await one.ended).status).toBe(0);
  expect(await db.query(`SELECT * FROM imat.page_visits ORDER BY page LIMIT 1`)).toEqual([
    { page: 'home', visits: '3', seconds: '29.0000000000000000' },
  ]);
});
